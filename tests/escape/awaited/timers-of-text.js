// A text as the handler of a timer is code from text.
export const attack = async () => {
  if (typeof setTimeout === 'undefined') return 'held';
  for (const text of ['globalThis.ran = true', { toString: () => 'globalThis.ran = true' }]) $thrown(() => setTimeout(text, 0));
  await new Promise((done) => setTimeout(done, 1));
  return globalThis.ran ? 'ESCAPED: code from text' : 'held';
};
