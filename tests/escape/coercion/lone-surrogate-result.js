// A text that is no Unicode as the result: refused, not repaired.
// expect: value
export const attack = () => 'a\ud800b';
