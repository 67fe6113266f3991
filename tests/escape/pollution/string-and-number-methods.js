// The methods of primitives are spies: checks and messages of the host must not use them.
const seen = [];
export const attack = () => {
  for (const target of [String.prototype, Number.prototype, Boolean.prototype, Symbol.prototype, BigInt.prototype]) for (const name of ['toString', 'valueOf', 'slice', 'indexOf', 'charCodeAt', 'codePointAt', 'normalize', 'isWellFormed', 'toWellFormed']) Object.defineProperty(target, name, { configurable: true, value() { seen.push(name); return 'x'; } });
  Tool.echo('a'); $thrown(() => Tool.echo(5)); $thrown(() => Tool.add(1n, Symbol.iterator)); Tool.flag(true, 3); $thrown(() => Tool.flag(true, 300)); Vault.guess(1, 'b');
  return seen.length > 0 ? `ESCAPED: the host uses ${seen}` : 'held';
};
