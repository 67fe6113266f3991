// A list that grows step by step.
// expect: heap
export const attack = () => { const all = []; for (;;) all.push([all.length, {}]); };
