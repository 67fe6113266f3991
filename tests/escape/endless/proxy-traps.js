// `in` on a Proxy whose prototype is itself a Proxy whose `has` loops.
// expect: wall
export const attack = () => 'x' in new Proxy({}, { has() { for (;;); } });
