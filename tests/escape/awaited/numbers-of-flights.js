// The engine carries the number of the call along with each promise. Nothing shows it.
export const attack = async () => {
  const promises = [Slow.echo('a'), Slow.never(), (async () => { await null; })(), Promise.resolve().then(() => {})];
  for (const promise of promises) if (Reflect.ownKeys(promise).length > 0) return 'ESCAPED: a promise has properties';
  if (typeof AsyncContext !== 'undefined') return 'ESCAPED: the context of the host can be read';
  await promises[0];
  return $all(promises, 'promise');
};
