// A getter removes, adds and redefines the fields that come after it.
export const attack = () => {
  const odd = { get id() { delete this.note; this.extra = Tool; Object.defineProperty(this, 'lines', { get() { throw new Error('changed'); } }); return 1; }, note: 'a', lines: [] };
  const error = $thrown(() => Tool.order(odd));
  return $use(error, 'error') || String(error?.message);
};
