// Poisons what the class of iterable values could use, before the first of them crosses.
// intrinsics: both
let seen = '';
export const attack = () => {
  const spy = (name) => function () { seen = seen || name; return this; };
  const { setPrototypeOf } = Object, { defineProperty, deleteProperty } = Reflect;
  const accessor = (key) => ({ __proto__: null, configurable: true, get: spy(`get ${String(key)}`), set: spy(`set ${String(key)}`) });
  const method = (key) => ({ __proto__: null, configurable: true, writable: true, value: spy(key) });
  const poison = [
    ...['number', 'value', 'done', 'next', 'return', 'length', 'then', 'checked', 'release', 'lent', '0', '1', '2', '3', '4', '7'].map((key) => [Object.prototype, key, accessor(key)]),
    ...['0', '1', '2', '3', '4', '5', '6', '7'].map((key) => [Array.prototype, key, accessor(key)]),
    [Array.prototype, 'then', accessor('then')], [Array.prototype, Symbol.iterator, method('iterator')], [Array.prototype, 'at', method('at')],
    ...['call', 'apply', 'bind'].map((key) => [Function.prototype, key, method(key)]), ...['freeze', 'defineProperty'].map((key) => [Object, key, method(key)]),
    ...['push', 'shift', 'slice'].map((key) => [Array.prototype, key, method(key)]), [Symbol, 'iterator', { __proto__: null, value: 'x' }], [Symbol, 'dispose', { __proto__: null, value: 'y' }],
  ];
  const saved = [];
  for (let i = 0; i < poison.length; i++) {
    const own = $own(poison[i][0], poison[i][1]);
    defineProperty(saved, i, { __proto__: null, value: own && setPrototypeOf(own, null), writable: true, configurable: true });
  }
  for (let i = 0; i < poison.length; i++) defineProperty(poison[i][0], poison[i][1], poison[i][2]);
  let told = '';
  try {
    const items = Vault.items(5);
    for (let result = items.next(); !result.done; result = items.next()) told += result.value;
    told += Vault.count(Vault.items(3));
  } finally {
    for (let i = 0; i < poison.length; i++) saved[i] ? defineProperty(poison[i][0], poison[i][1], saved[i]) : deleteProperty(poison[i][0], poison[i][1]);
  }
  return seen ? `ESCAPED: ${seen} saw values being taken` : told === '012343' ? 'held' : `ESCAPED: other values: ${told}`;
};
