// A method that compiled code calls directly: on other objects, with another prototype, and after the end of its handle.
// intrinsics: both
export const attack = () => {
  const key = Vault.key(), turn = (of) => of.turn(), apply = (of) => Reflect.apply(key.turn, of, []), first = key.turn();
  for (let i = 0; i < 10000; i++) if (turn(key) !== first) return 'ESCAPED: another answer';
  const others = [{}, $proto(key), Object.create(key), new Proxy(key, {}), Vault.open('a'), undefined, null, 1, 'x', Vault];
  for (const other of others) if ($name(() => apply(other)) !== 'TypeError') return 'ESCAPED: the method ran on another object';
  if ($name(() => Reflect.setPrototypeOf(key, { turn: () => -1 })) === 'ran' && turn(key) !== first) return 'ESCAPED: the handle changed';
  const extra = Reflect.apply(key.turn, key, [1, 2 ** 52, NaN]);
  if (extra !== first) return 'ESCAPED: an argument was taken as a number of a handle';
  if (!Symbol.dispose) return 'held';
  const dropped = Vault.key();
  for (let i = 0; i < 100; i++) turn(dropped);
  dropped[Symbol.dispose]();
  for (let i = 0; i < 3; i++) if ($name(() => turn(dropped)) !== 'TypeError') return 'ESCAPED: a handle was used after its end';
  return turn(key) === first ? 'held' : 'ESCAPED: another handle ended';
};
