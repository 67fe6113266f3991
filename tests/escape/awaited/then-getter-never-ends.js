// The getter of `then` never ends, in the turn in which the host's answer comes.
// expect: wall
export const attack = async () => { Object.defineProperty(Object.prototype, 'then', { configurable: true, get() { for (;;); } }); await Slow.any({ a: 1 }); };
