// Recursion that catches at the bottom and tries again on every level: exponential time.
// expect: wall
export const attack = () => { const f = () => { try { f(); } catch { f(); } }; f(); };
