// `Array.prototype.constructor` with a species decides what `map` makes, and it sees every element: in a shim, arguments.
const seen = [];
export const attack = () => {
  Array.prototype.constructor = { [Symbol.species]: class { constructor() { return new Proxy([], { defineProperty(target, key, property) { seen.push(property.value); return Reflect.defineProperty(target, key, property); } }); } } };
  try { Vault.guess(4711, 'pin'); Vault.sum([1, 2]); } catch {}
  Array.prototype.constructor = Array;
  return seen.length > 0 ? `ESCAPED: the shim used a species, ${seen}` : 'held';
};
