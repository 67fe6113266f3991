// Node's module `timers`, of the globals of the same names.
export const setImmediate = (...values) => globalThis.setImmediate(...values);
