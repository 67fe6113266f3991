// A disposer that never returns, run while a block is left by an exception.
// expect: wall
export const attack = () => { using a = { [Symbol.dispose]() { for (;;); } }; throw new Error('left'); };
