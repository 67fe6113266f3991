// `finally` with a labelled continue takes every exception back: were a termination one, it would be swallowed.
// expect: wall
export const attack = () => { outer: for (;;) { try { for (;;); } finally { continue outer; } } };
