// Poisons what a class of handles could use, before the first handle crosses.
let seen = '';
export const attack = () => {
  const spy = (name) => function () { seen = seen || name; return this; };
  const { defineProperty, setPrototypeOf } = Object, remove = Reflect.deleteProperty;
  const accessor = (key) => ({ __proto__: null, configurable: true, get: spy(`get ${key}`), set: spy(`set ${key}`) });
  const method = (key) => ({ __proto__: null, configurable: true, writable: true, value: spy(key) });
  const poison = [
    ...['number', '#number', 'api', 'read', 'take', 'dispose', 'get', 'set', 'value', 'enumerable', 'then', 'checked', 'release', '0', '1', '2'].map((key) => [Object.prototype, key, accessor(key)]),
    ...['call', 'apply', 'bind'].map((key) => [Function.prototype, key, method(key)]),
    ...['freeze', 'defineProperty', 'setPrototypeOf', 'create'].map((key) => [Object, key, method(key)]),
    ...['construct', 'apply', 'set'].map((key) => [Reflect, key, method(key)]),
    ...['get', 'set'].map((key) => [WeakMap.prototype, key, method(key)]),
    ...['push', 'map', 'values'].map((key) => [Array.prototype, key, method(key)]),
  ];
  const saved = poison.map(([object, key]) => { const own = $own(object, key); return own && setPrototypeOf(own, null); });
  let told;
  for (let i = 0; i < poison.length; i++) defineProperty(poison[i][0], poison[i][1], poison[i][2]);
  try {
    const drawer = Vault.open('a'), inner = drawer.open();
    told = `${drawer.read(1)}${inner.read(2)}${Vault.owns(inner)}`;
  } finally {
    for (let i = 0; i < poison.length; i++) saved[i] ? defineProperty(poison[i][0], poison[i][1], saved[i]) : remove(poison[i][0], poison[i][1]);
  }
  return seen ? `ESCAPED: ${seen} saw a handle being made` : told === 'aaatrue' ? 'held' : `ESCAPED: another handle: ${told}`;
};
