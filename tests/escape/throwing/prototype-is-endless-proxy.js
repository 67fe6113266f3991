// An Error whose prototype is a Proxy that loops.
// expect: wall
export const attack = () => { throw Object.setPrototypeOf(new Error('e'), new Proxy({}, { get() { for (;;); } })); };
