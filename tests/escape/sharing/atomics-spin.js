// A spin lock that nobody opens.
// expect: wall
export const attack = () => { const lock = new Int32Array(1); while (Atomics.load(lock, 0) === 0) Atomics.compareExchange(lock, 0, 2, 1); };
