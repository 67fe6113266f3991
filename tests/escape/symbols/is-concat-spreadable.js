// Everything becomes spreadable, and a getter is asked by any concatenation of the host.
let asked = 0;
export const attack = () => {
  for (const target of [Object.prototype, String.prototype, Number.prototype]) Object.defineProperty(target, Symbol.isConcatSpreadable, { configurable: true, get() { asked++; return true; } });
  Vault.guess(1, 'a'); Tool.order({ lines: [{}, {}] }); Tool.any([[1], [2]]);
  return asked > 0 ? 'ESCAPED: the host concatenates' : 'held';
};
