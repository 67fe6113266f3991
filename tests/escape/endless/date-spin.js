// Waits by the clock for an hour.
// expect: wall
export const attack = () => { const end = Date.now() + 3.6e6; while (Date.now() < end); };
