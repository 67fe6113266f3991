// The module fills the heap before anything is called, and catches whatever it gets.
// expect: heap
const all = [];
for (;;) try { all.push([all.length, [all.length]]); } catch {}
export const attack = () => 'never';
