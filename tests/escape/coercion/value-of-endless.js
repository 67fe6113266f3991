// `valueOf` that never returns, in the guest's own arithmetic.
// expect: wall
export const attack = () => String(1 + { valueOf() { for (;;); } });
