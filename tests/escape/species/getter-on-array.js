// A getter for `Array[Symbol.species]` is asked by whoever maps, slices or concatenates.
let asked = 0;
export const attack = () => {
  Object.defineProperty(Array, Symbol.species, { get() { asked++; return Array; } });
  Vault.guess(1, 'a'); Vault.sum([1]); Tool.make(); Tool.order({ lines: [{}] }); Tool.any([1, [2]]);
  return asked > 0 ? `ESCAPED: the host asked for a species ${asked} times` : 'held';
};
