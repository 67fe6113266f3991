// `finally` returns a value instead of what was thrown, from many levels.
// expect: wall
const f = (n) => { try { if (n > 0) f(n - 1); for (;;); } catch { return 'ESCAPED: caught'; } finally { return 'ESCAPED: returned from finally'; } };
export const attack = () => f(50);
