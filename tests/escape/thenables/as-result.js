// A promise, and a thenable, are not the string that the contract asks for.
// expect: value
export const attack = () => ({ then(resolve) { resolve('ESCAPED: a thenable was awaited'); } });
