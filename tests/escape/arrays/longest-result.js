// The same as the result.
// expect: value
export const attack = () => { const list = []; list.length = 2 ** 32 - 1; return list; };
