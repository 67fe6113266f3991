// A pattern that backtracks for ever.
// expect: wall
export const attack = () => /^(a+)+$/.test(`${'a'.repeat(60)}!`);
