// Closing an iterator never returns.
// expect: wall
export const attack = () => { for (const _ of { [Symbol.iterator]: () => ({ next: () => ({ value: 1 }), return() { for (;;); } }) }) break; };
