// A Proxy in the place of the hook sees how it is called, and by whom.
const seen = [];
export const attack = () => {
  Error.prepareStackTrace = new Proxy(() => 'x', { apply(_, self, list) { seen.push(self, ...list); return 'x'; } });
  String(new RangeError('a').stack);
  return seen.length > 0 ? `ESCAPED: the hook was called with ${seen.length} values` : 'held';
};
