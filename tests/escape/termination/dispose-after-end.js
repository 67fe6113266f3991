// Disposers run when a block is left: not when it is ended.
// expect: wall
let ran = 'no';
export const attack = () => { using a = { [Symbol.dispose]() { ran = 'ESCAPED: ran after the end'; for (;;); } }; for (;;); };
