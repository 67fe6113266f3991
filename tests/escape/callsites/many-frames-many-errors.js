// As many frames as the stack holds, made into text again and again.
// expect: wall, ok
// quickjs: expect: wall, ok, stack
export const attack = () => {
  Error.stackTraceLimit = Infinity;
  let longest = 0;
  const read = () => { for (let i = 0; i < 20; i++) longest = Math.max(longest, new Error('e').stack.length); };
  const dig = (n) => (n > 0 ? dig(n - 1) : read());
  dig(3000);
  return longest < 1 << 20 ? 'held' : `ESCAPED: a text of ${longest} characters`;
};
