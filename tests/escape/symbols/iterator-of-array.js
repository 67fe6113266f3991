// The iterator of arrays, replaced by one that steals what is spread or destructured.
const seen = [];
export const attack = () => {
  const original = Array.prototype[Symbol.iterator];
  Array.prototype[Symbol.iterator] = function* () { seen.push(this); };
  try { Vault.guess(1, 'a'); Vault.sum([1, 2]); Tool.make(); Tool.order({ lines: [{}] }); Tool.deliver(); } finally { Array.prototype[Symbol.iterator] = original; }
  return seen.length > 0 ? `ESCAPED: the host iterates ${$all(seen, 'seen')}` : 'held';
};
