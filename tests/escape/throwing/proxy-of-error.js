// A Proxy of an Error, with traps that never return.
// expect: guest
export const attack = () => { throw new Proxy(new Error('e'), { get() { for (;;); }, getPrototypeOf() { for (;;); }, getOwnPropertyDescriptor() { for (;;); } }); };
