// Iterates objects that look like values of the host, and calls the methods of such values on other objects.
// intrinsics: both
export const attack = () => {
  const items = Vault.items(3), proto = $proto(items), trap = { get: (target, key) => target[key], getPrototypeOf: () => proto };
  const others = [new Proxy(items, {}), new Proxy(items, trap), Object.create(items), Object.create(proto), proto, { ...items }, Vault.open('a'), Vault, [], (function* () {})(), undefined, null, 1, 'x'];
  const methods = [proto.next, proto.return, proto[Symbol.iterator]];
  if (Symbol.dispose) methods.push(proto[Symbol.dispose]);
  for (const method of methods) {
    for (const other of others) if (method !== proto[Symbol.iterator] && $name(() => Reflect.apply(method, other, [])) !== 'TypeError') return 'ESCAPED: a method ran on another object';
  }
  // Any iterable of the guest is taken, as the guest's own: the values of the host's object are not among its values.
  const counts = others.map((value) => { try { return Vault.count(value); } catch (error) { return error?.name; } });
  if (counts.some((count) => count !== 'TypeError' && count !== 0 && count !== 1)) return `ESCAPED: forged objects were taken: ${counts}`;
  for (const make of [() => new items.constructor(), () => new proto.next(), () => Reflect.construct(Object, [], proto.next), () => Reflect.construct(proto[Symbol.iterator], [])]) {
    if ($name(make) !== 'TypeError') return 'ESCAPED: a class was constructed';
  }
  const seen = [items, proto, ...methods, items.next(), $thrown(() => Array.from(new Proxy(Vault.items(2), {})))];
  return $all(seen, 'items') === 'held' ? (items.next().value === '1' ? 'held' : 'ESCAPED: the values changed') : $all(seen, 'items');
};
