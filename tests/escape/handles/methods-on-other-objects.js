// Calls the methods of a handle on other objects.
export const attack = () => {
  const drawer = Vault.open('a'), key = Vault.key(), proto = $proto(drawer);
  const others = [{}, proto, Object.create(drawer), new Proxy(drawer, {}), key, undefined, null, 1, 'x', globalThis, drawer.read, Vault, Reflect, class { #number = 1; }];
  for (const name of ['read', 'take', 'again', 'fail']) {
    for (const other of others) if ($name(() => Reflect.apply(drawer[name], other, [1])) !== 'TypeError') return `ESCAPED: ${name} ran on another object`;
  }
  if ($name(() => Reflect.apply(key.turn, drawer, [])) !== 'TypeError') return 'ESCAPED: the method of another contract ran';
  const dispose = drawer[Symbol.dispose ?? 'dispose'];
  if (dispose) for (const other of others) if (other !== key && $name(() => Reflect.apply(dispose, other, [])) !== 'TypeError') return 'ESCAPED: another object was disposed';
  return drawer.read(1) === 'a' ? 'held' : 'ESCAPED: the handle changed';
};
