// Calls the methods of a stream on other objects, changes them, and gives forged streams to `for await`.
// attack: awaited
// intrinsics: both
export const attack = async () => {
  const rows = await Slow.rows(3), proto = $proto(rows), seen = [rows, proto];
  for (const other of [new Proxy(rows, {}), Object.create(rows), proto, {}, Vault.items(1), undefined, null, 1]) {
    for (const key of ['next', 'return']) {
      const error = await Reflect.apply(proto[key], other, []).then(() => 'ran', (error) => error);
      if (error === 'ran') return `ESCAPED: ${key} ran on another object`;
      seen.push(error);
    }
    if ($name(() => Reflect.apply(proto[Symbol.asyncIterator], other, [])) === 'ran') return 'ESCAPED: another object is iterated';
  }
  const names = [() => { 'use strict'; proto.next = 1; }, () => { 'use strict'; rows.next = 1; }, () => Object.defineProperty(rows, Symbol.asyncIterator, {}), () => Object.setPrototypeOf(rows, {}), () => new rows.constructor(), () => Reflect.construct(Object, [], proto.next)].map($name);
  if (names.some((name) => name !== 'TypeError')) return `ESCAPED: a stream was changed: ${names}`;
  let said = '';
  for await (const row of rows) said += row;
  seen.push($thrown(() => rows[Symbol.asyncIterator]()));
  return said === '012' ? $all(seen, 'forged') : `ESCAPED: other values: ${said}`;
};
