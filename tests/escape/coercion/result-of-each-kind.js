// Each kind of value as a result, by turns; the last is the one that is given.
// expect: value
export const attack = () => Object(Symbol('no string'));
