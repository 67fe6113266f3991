// The module never ends.
// expect: wall
for (;;);
export const attack = () => 'never';
