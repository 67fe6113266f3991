// The plainest of all.
// expect: wall
export const attack = () => { for (;;); };
