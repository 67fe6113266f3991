// Text that a timer runs later is counted on the budget of another sandbox, or on none.
// expect: wall
// says: 100
const timers = ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'requestIdleCallback'].filter((name) => typeof globalThis[name] === 'function');
for (const name of timers) globalThis[name]('throw "ESCAPED: a timer ran"');
const spin = async () => { for (;;) await null; };
export const attack = () => { spin(); return timers.length > 0 ? `ESCAPED: timers: ${timers}` : 'spinning'; };
