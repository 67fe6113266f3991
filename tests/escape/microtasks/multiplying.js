// Each microtask makes two.
// expect: wall, heap
export const attack = () => { (function again() { Promise.resolve().then(again); Promise.resolve().then(again); })(); return 'started'; };
