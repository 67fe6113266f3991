// A hundred thousand imports at once.
// quickjs: skip — scripts of several files are refused there
// expect: ok, heap
let done = 0;
const count = () => { done++; };
export const attack = () => { for (let i = 0; i < 100_000; i++) import(i % 2 ? './a.json' : './none.mjs').then(count, count); return 'started'; };
export const later = () => `done ${done}`;
// --- modules/a.json
1
