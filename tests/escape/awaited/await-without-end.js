// Microtasks without end, after the host has answered.
// expect: wall
export const attack = async () => { await Slow.echo('a'); for (;;) await null; };
