// A thenable that resolves with itself for ever, one microtask at a time.
// expect: wall
export const attack = () => { const loop = { then(resolve) { resolve(loop); } }; Promise.resolve(loop); return 'started'; };
