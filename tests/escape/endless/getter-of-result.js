// The result has a getter that never returns; a string is asked for, so it need not be read.
// expect: value
export const attack = () => ({ get length() { for (;;); }, toString() { for (;;); } });
