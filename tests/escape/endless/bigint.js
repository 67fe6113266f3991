// Numbers of many thousands of digits, for ever.
// expect: wall, guest
// quickjs: skip — it looks at the time at every 10,000th turn, and each of these is long
export const attack = () => { let n = 3n; for (;;) n = (n * n) % (2n ** 20011n - 1n); };
