// A wait without a thread: timers by another name.
export const attack = () => (typeof Atomics.waitAsync === 'undefined' ? 'held' : 'ESCAPED: Atomics.waitAsync');
