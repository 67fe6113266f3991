// Looks into a function of the host: its text, its callers, its properties and what `new` makes of it.
// intrinsics: both
export const attack = () => {
  'use strict';
  const bell = Vault.bell(), any = Vault.anyBell();
  const text = Function.prototype.toString.call(bell);
  if (/\d{2}|op_|rung/.test(text)) return `ESCAPED: the text of the host: ${text}`;
  const reads = [() => bell.caller, () => bell.arguments, () => Reflect.get(Function.prototype, 'caller', bell), () => { bell.caller = 1; }, () => new bell(1), () => Reflect.construct(bell, [1]), () => Reflect.construct(Object, [], bell), () => Reflect.construct(bell, [1], Object),
    () => { bell.extra = 1; }, () => Object.defineProperty(bell, 'name', { value: 1 }), () => Object.setPrototypeOf(bell, null), () => { delete bell.length; }, () => class extends bell {}, () => Object.defineProperty(bell, Symbol.hasInstance, { value: () => true })].map($name);
  if (reads.some((name) => name !== 'TypeError')) return `ESCAPED: the function is open: ${reads}`;
  const keys = Reflect.ownKeys(bell).map(String).sort().join();
  if (keys !== 'length,name' || 'prototype' in bell || !Object.isFrozen(bell)) return `ESCAPED: the function has ${keys}`;
  const seen = [bell, any, $own(bell, 'name'), bell.bind(null), any(bell.name), any([1, { a: 2 }]), any({ then: 1 })];
  return bell(4) === 'rung 4' ? $all(seen, 'function') : 'ESCAPED: the function changed';
};
