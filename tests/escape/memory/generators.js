// Suspended generators keep their whole frame.
// expect: heap
export const attack = () => { const all = []; for (;;) { const it = (function* () { const a = [1, 2, 3]; yield a; })(); it.next(); all.push(it); } };
