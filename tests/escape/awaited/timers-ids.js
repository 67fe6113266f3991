// Numbers of timers that were never given, are of another kind, or run code while they are read.
export const attack = async () => {
  if (typeof setTimeout === 'undefined') return 'held';
  const kept = setTimeout(() => {}, 1e9);
  const ids = [-1, NaN, 2 ** 53, Infinity, 'x', null, undefined, Symbol.iterator, { valueOf() { clearTimeout(kept); return kept; } }, new Proxy({}, {}), 1n];
  for (const id of ids) for (const clear of [clearTimeout, clearInterval]) $thrown(() => clear(id));
  for (const wait of [-1, NaN, Infinity, 2 ** 40, '5', { valueOf() { throw 1; } }]) $thrown(() => clearTimeout(setTimeout(() => {}, wait)));
  return $all([kept, setTimeout, clearTimeout, setInterval, $thrown(() => setTimeout()), $thrown(() => setTimeout(() => {}, Symbol()))], 'timers');
};
