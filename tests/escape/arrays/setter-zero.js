// A setter on `Array.prototype[0]` gets whatever is put into a list by assignment: results, arguments, frames.
const seen = [];
export const attack = () => {
  for (const index of [0, 1, 2]) Object.defineProperty(Array.prototype, index, { configurable: true, set(value) { seen.push(this, value); }, get() { return undefined; } });
  try { Tool.make(); Tool.order({ lines: [{}] }); Tool.any([1, [2]]); Vault.guess(1, 'a'); Tool.deliver(); String($thrown(() => Tool.refuse()).stack); } finally { for (const index of [0, 1, 2]) delete Array.prototype[index]; }
  return seen.length > 0 ? `ESCAPED: lists are filled by assignment ${$all(seen, 'seen')}` : 'held';
};
