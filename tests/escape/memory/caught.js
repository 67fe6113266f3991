// Catches the end of the heap like any error, lets go, and starts again.
// expect: heap
export const attack = () => { for (;;) { let all = []; try { for (;;) all.push(new Array(100).fill(1)); } catch { all = []; } } };
