// The result has a getter that never returns, which runs while the refusal of it is put into words.
// expect: wall
export const attack = () => ({ get length() { for (;;); }, toString() { for (;;); } });
