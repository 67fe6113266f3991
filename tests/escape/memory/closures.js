// Functions, each with a scope of its own.
// expect: heap
export const attack = () => { const all = []; for (;;) { const own = [all.length]; all.push(() => own); } };
