// The same inside of a replace with a callback, many times over.
// expect: wall
export const attack = () => 'ab'.repeat(1000).replace(/(?:ab)/g, () => /^(\w+\s?)*$/.test(`${'a'.repeat(40)}!`));
