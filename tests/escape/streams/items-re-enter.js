// The code that makes the next value calls the guest, who takes, leaves, iterates and gives away the same values.
// intrinsics: both
export const attack = () => {
  const seen = [];
  for (const act of [(items) => items.next(), (items) => items.return(7), (items) => items[Symbol.iterator](), (items) => { const count = Vault.count(items); if (count > 4) throw `ESCAPED: the host counted ${count}`; }, (items) => items[Symbol.dispose ?? 'return'](), (items) => [...items].length, () => { throw new RangeError('mine'); }]) {
    let items, inner, calls = 0;
    const each = (at) => { if (calls++ < 2) inner = $thrown(() => { const got = act(items); if (got?.value !== undefined && got.value !== 7) throw `ESCAPED: a value of its own making: ${got.value}`; }) ?? 'ran'; return `v${at}`; };
    items = Vault.items(3, each);
    let said = '';
    const error = $thrown(() => { for (let n = 0; n < 9; n++) { const { value, done } = items.next(); if (done) break; said += value; } });
    if (typeof inner === 'string' && inner !== 'ran') return inner;
    seen.push(inner, error);
    if (!['v0v1v2', 'v1v2', 'v0', ''].includes(said)) return `ESCAPED: other values: ${said}`;
    if (items.next().done !== true) return 'ESCAPED: it goes on after its end';
  }
  return $all(seen.filter((value) => typeof value === 'object'), 'items');
};
