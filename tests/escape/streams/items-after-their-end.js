// Uses values of the host after their end: left, disposed, used up, given back, and failed.
// intrinsics: both
export const attack = () => {
  const ends = [(items) => items.return(1), (items) => { for (const _ of items); }, (items) => { for (const _ of items) break; }, (items) => Vault.count(items)];
  if (Symbol.dispose) ends.push((items) => items[Symbol.dispose]());
  const seen = [];
  for (const end of ends) {
    const items = Vault.items(4);
    end(items);
    for (let n = 0; n < 3; n++) {
      const last = items.next();
      if (last.done !== true || last.value !== undefined) return `ESCAPED: a value after the end: ${last.value}`;
      items.return(2);
      items[Symbol.dispose ?? 'return']();
    }
    let count = 0;
    const error = $thrown(() => { count = Vault.count(items); });
    if (count !== 0 || error && error.name !== 'TypeError') return `ESCAPED: it was given after its end: ${count} ${error}`;
    seen.push(error, items.return({ then() {} }));
  }
  const begun = Vault.items(4);
  begun.next();
  for (const items of [begun, (() => { const items = Vault.items(4); items[Symbol.iterator](); return items; })()]) {
    // What is left of values that were begun crosses as the guest's own.
    let count = 0;
    const error = $thrown(() => { count = Vault.count(items); });
    if (count > 3 || error && error.name !== 'TypeError') return `ESCAPED: values that were taken were given: ${count} ${error}`;
    seen.push(error);
  }
  $thrown(() => begun[Symbol.iterator]());
  seen.push($thrown(() => begun[Symbol.iterator]()));
  return $all(seen.filter(Boolean), 'end');
};
