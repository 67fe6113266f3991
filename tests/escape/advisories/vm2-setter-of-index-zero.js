// A setter on `Array.prototype[0]` sees what a bridge puts into its own lists, and the values of the host in them.
// says: held 0 lists
// A list would be filled by the setter itself.
const seen = { __proto__: null };
let count = 0;
export const attack = () => {
  const poison = (index) => Object.defineProperty(Array.prototype, index, { configurable: true, get: () => undefined, set(value) { seen[count++] = this; seen[count++] = value; } });
  const calls = [() => Tool.make(), () => Tool.any([[1], { a: [2] }]), () => Tool.order({ lines: [{}, {}] }), () => Vault.sum([1, 2]), () => Tool.echo(5), () => Tool.deliver()];
  try { [0, 1].forEach(poison); for (const call of calls) $name(call); } finally { delete Array.prototype[0]; delete Array.prototype[1]; }
  return count > 0 ? `ESCAPED: ${$all(Object.values(seen), 'list')} ${count} values of lists` : `held ${count} lists`;
};
