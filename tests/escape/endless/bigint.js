// Numbers of many thousands of digits, for ever.
// expect: wall, guest
export const attack = () => { let n = 3n; for (;;) n = (n * n) % (2n ** 20011n - 1n); };
