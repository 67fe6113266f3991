// Keeps handles open by another Object.freeze, and changes their methods.
export const attack = () => {
  'use strict';
  Object.freeze = (value) => value;
  Object.isFrozen = () => false;
  const drawer = Vault.open('a'), proto = $proto(drawer);
  const names = [
    () => { drawer.read = () => 'mine'; }, () => { proto.read = () => 'mine'; }, () => { drawer.read.extra = 1; }, () => { delete proto.read; }, () => { drawer.extra = 1; },
    () => Object.setPrototypeOf(drawer, {}), () => Object.setPrototypeOf(proto, {}), () => Object.defineProperty(proto, 'read', { value: 1 }), () => Object.defineProperty(drawer.read, 'name', { value: 1 }),
  ].map($name);
  return names.every((name) => name === 'TypeError') && drawer.read(1) === 'a' ? 'held' : `ESCAPED: a handle was changed: ${names}`;
};
