// A quarter of a million characters, on each of two hundred frames.
// quickjs: expect: heap, ok
export const attack = () => {
  Error.stackTraceLimit = Infinity;
  const dig = Object.defineProperty((n) => (n > 0 ? dig(n - 1) : new Error('e').stack.length), 'name', { value: 'x'.repeat(1 << 18) });
  const length = dig(200);
  return length < 1 << 20 ? 'held' : `ESCAPED: a text of ${length} characters outside of the heap`;
};
