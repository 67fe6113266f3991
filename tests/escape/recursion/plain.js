// Plain recursion, not caught.
// expect: stack
export const attack = () => attack();
