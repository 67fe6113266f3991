// Catches host errors for ever.
// expect: wall
export const attack = () => { for (;;) try { Tool.refuse(); } catch {} };
