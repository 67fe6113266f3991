// Changes the methods of iterable values of the host, and of their prototype.
// intrinsics: both
export const attack = () => {
  'use strict';
  const items = Vault.items(9), proto = $proto(items);
  const names = [
    () => { items.next = () => ({ done: true }); }, () => { proto.next = 1; }, () => { items.extra = 1; }, () => { delete proto.next; }, () => { delete proto[Symbol.iterator]; },
    () => Object.setPrototypeOf(items, {}), () => Object.setPrototypeOf(proto, {}), () => Object.defineProperty(proto, 'next', { value: 1 }), () => Object.defineProperty(proto.next, 'name', { value: 1 }), () => { proto.return.extra = 1; },
  ].map($name);
  const same = $proto(Vault.items(1)) === proto && $proto(proto) === null && Reflect.ownKeys(items).length === 0;
  return names.every((name) => name === 'TypeError') && same && items.next().value === '0' ? $use(items, 'items') || 'held' : `ESCAPED: the values were changed: ${names} ${same}`;
};
