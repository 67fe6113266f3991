// Blocks its thread, where no watchdog reaches.
export const attack = () => { try { return `ESCAPED: it waited and ${Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0, 5)}`; } catch (error) { return error.name; } };
