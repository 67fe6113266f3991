// A promise whose reaction makes the next one.
// expect: wall, heap
export const attack = () => { Promise.resolve().then(function again() { return Promise.resolve().then(again); }); return 'started'; };
