// V8 15.0 takes the check of this loop away when it unrolls the one inside.
// expect: wall
export const attack = () => { let q; for (;;) q = new Array(3000); };
