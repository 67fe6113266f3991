// A Set is read as a list: its iterator, `forEach`, `size` and `values` are all the guest's.
let asked = 0;
export const attack = () => {
  const set = new Set([1, 2]);
  for (const key of ['values', 'forEach', 'has', 'keys', 'entries', Symbol.iterator]) Set.prototype[key] = () => { asked++; return { next: () => ({ done: false, value: 'x' }) }; };
  Object.defineProperty(Set.prototype, 'size', { get() { asked++; return 2 ** 53; } });
  const sum = Vault.sum(set);
  return asked > 0 || sum !== 3 ? `ESCAPED: the host asked the guest, ${sum}` : 'held';
};
