// The `next` of array iterators, which every `for` and spread goes through.
const seen = [], set = new Set([1]);
export const attack = () => {
  const prototype = Object.getPrototypeOf([][Symbol.iterator]()), next = prototype.next;
  prototype.next = function () { seen.push(this); return { done: true }; };
  try { Vault.guess(1, 'a'); Vault.sum([1, 2]); Vault.sum(set); Tool.order({ lines: [{}] }); } finally { prototype.next = next; }
  return seen.length > 0 ? 'ESCAPED: the host iterates' : 'held';
};
