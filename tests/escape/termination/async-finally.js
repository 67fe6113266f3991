// An async function whose `finally` awaits for ever.
// expect: wall
export const attack = () => { (async () => { try { for (;;); } finally { for (;;) await null; } })(); };
