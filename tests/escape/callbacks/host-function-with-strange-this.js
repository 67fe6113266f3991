// Calls a function of the host by every way there is, with strange values for `this`, for arguments and for their number.
// intrinsics: both
export const attack = () => {
  const bell = Vault.bell(), seen = [];
  const trap = new Proxy({}, { get: (_, key) => { seen.push(`get ${String(key)}`); }, has: () => { seen.push('has'); return true; }, getPrototypeOf: () => { seen.push('proto'); return null; } });
  for (const self of [trap, bell, Vault, null, undefined, 1n, Symbol(), { number: 1 }, globalThis, Vault.open('a'), Vault.items(1)]) {
    const ran = [bell.call(self, 1), bell.apply(self, { length: 1, 0: 1 }), Reflect.apply(bell, self, [1, 2, 3]), bell.bind(self)(1), bell.bind(self, 1)(2), [1].map(bell, self)[0], Reflect.apply(new Proxy(bell, {}), self, [1])];
    if (ran.some((said) => said !== 'rung 1')) return `ESCAPED: another function ran: ${ran}`;
  }
  if (seen.length > 0) return `ESCAPED: the function looked at this: ${seen}`;
  let reads = 0;
  const odd = [undefined, null, '1', -1, 1.5, NaN, 2 ** 32, {}, [1], 1n, Symbol(), trap, bell, { valueOf() { reads++; return 1; } }, { [Symbol.toPrimitive]() { reads++; return 1; } }];
  const errors = odd.map((value) => $thrown(() => bell(value)));
  if (errors.some((error) => error?.name !== 'TypeError') || reads > 0) return `ESCAPED: an argument was taken: ${errors}`;
  return $all(errors, 'error');
};
