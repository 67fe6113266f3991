// Iterators that are Proxies, change later, re-enter, and lie about `return`. What their functions are given is used.
// intrinsics: both
const seen = [];
const look = function (that, args, iterator) {
  if (that !== iterator) throw seen[seen.length] = 'ESCAPED: another object is `this`';
  if (args.length !== 0) throw seen[seen.length] = 'ESCAPED: arguments of the runtime';
};
const made = (members) => ({
  [Symbol.iterator]() {
    let n = 0;
    const iterator = { next(...args) { look(this, args, iterator); return { value: `${n++}`, done: false }; } };
    return Object.defineProperties(iterator, Object.getOwnPropertyDescriptors(members(() => iterator)));
  },
});
export const attack = () => {
  const proxied = new Proxy([1, 2, 3].map(String), { get: (target, key, receiver) => { if (seen.length < 9) seen[seen.length] = receiver; return Reflect.get(target, key, receiver); } });
  if (Vault.count(proxied) !== 3) return 'ESCAPED: other values';
  let inner = 0;
  const ends = [
    () => ({ return() { throw new Error('mine'); } }),
    (iterator) => ({ return(...args) { look(this, args, iterator()); inner += Vault.count(['a', 'b']); return { done: false }; } }),
    () => ({ get return() { seen[seen.length] = this; throw this; } }),
    () => ({ return: 7 }),
    (iterator) => ({ return() { return Vault.count(made(() => ({ return: () => iterator() }))); } }),
  ];
  for (const members of ends) if (Vault.count(made(members)) !== 1000) return 'ESCAPED: other values of an endless iterator';
  // The code that makes a value gives away its own items.
  let own;
  function* again() { yield '1'; seen[seen.length] = $thrown(() => Vault.count(own)); yield '2'; }
  own = again();
  $thrown(() => Vault.count(own));
  // A value that is asked for again, because it could not be read, is another one then.
  let asked = 0;
  const lies = [0, 1, 2, 3, 4].map((at) => ({ toString: () => 'mine', get length() { return asked++; }, at }));
  seen[seen.length] = $thrown(() => Vault.count([...'abc', ...lies]));
  return $all(seen, 'an iterator');
};
export const later = () => seen.find((one) => typeof one === 'string') ?? $all(seen, 'the end');
