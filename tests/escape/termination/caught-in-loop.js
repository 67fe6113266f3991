// Catches everything, counts, and goes on.
// expect: wall
export const attack = () => { let caught = 0; for (;;) { try { for (;;); } catch (error) { caught++; } } };
