// Endless, negative and odd limits, and a getter, while the host makes errors.
export const attack = () => {
  const texts = [];
  for (const limit of [Infinity, -1, NaN, 2 ** 31, '9', {}, 1e9]) { Error.stackTraceLimit = limit; texts.push(String($thrown(() => Tool.refuse()).stack)); }
  Object.defineProperty(Error, 'stackTraceLimit', { get() { throw 1; } });
  texts.push(String($thrown(() => Tool.refuse()).stack), String(new Error('x').stack));
  return texts.some((text) => /sandbox:|ext:|\.rs|deno/.test(text)) ? `ESCAPED: ${texts}` : 'held';
};
