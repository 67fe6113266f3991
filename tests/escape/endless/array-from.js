// A list is made from an array-like without end.
// expect: wall, heap, guest
export const attack = () => Array.from({ length: 2 ** 31 }, (_, i) => ({ i }));
