// The time is up inside of a built-in's callback, with a catch around the built-in.
// expect: wall
export const attack = () => { try { [2, 1].sort(() => { for (;;); }); } catch { return 'ESCAPED: caught'; } };
