// Arguments of a handle's methods that change, throw, and call the handle again while they are read.
export const attack = () => {
  const drawer = Vault.open('a');
  let reads = 0;
  const odd = [
    new Proxy({}, { ownKeys() { drawer.read(1); return ['a']; }, getOwnPropertyDescriptor: () => ({ value: drawer.take({ b: 1 }), enumerable: true, configurable: true }) }),
    { get a() { return reads++ ? 'second' : drawer.take({ c: drawer.read(1) }); } }, { toJSON() { throw new Error('toJSON'); } }, { then(resolve) { resolve(1); } },
    [drawer.read(1), { get length() { throw 1; } }], new Map([['a', new Map()]]), (() => { const self = {}; self.self = self; return self; })(),
  ];
  const errors = odd.map((value) => $thrown(() => drawer.take(value))).filter(Boolean);
  return $all(errors, 'error') === 'held' && reads <= 1 && drawer.read(1) === 'a' ? 'held' : `ESCAPED: a value was read ${reads} times`;
};
