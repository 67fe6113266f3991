// A promise whose reaction makes the next one.
// expect: wall
export const attack = () => { Promise.resolve().then(function again() { return Promise.resolve().then(again); }); return 'started'; };
