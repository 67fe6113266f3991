// `Symbol.replace`, `match`, `split` and `search` on String.prototype see every text operation that goes through them.
const seen = [];
export const attack = () => {
  for (const name of ['replace', 'match', 'split', 'search', 'matchAll']) Object.defineProperty(Object.prototype, Symbol[name], { configurable: true, value(...args) { seen.push(args); return ''; } });
  $thrown(() => Tool.echo(5)); Tool.echo('a'); $thrown(() => Tool.fail('x')); String($thrown(() => Tool.refuse()).stack);
  return seen.length > 0 ? `ESCAPED: the host's texts go through the guest ${seen}` : 'held';
};
