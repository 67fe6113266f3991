// A generator suspended in `try` is closed when the loop around it is ended.
// expect: wall
export const attack = () => { const it = (function* () { try { for (;;) yield 1; } finally { for (;;); } })(); for (const _ of it); };
