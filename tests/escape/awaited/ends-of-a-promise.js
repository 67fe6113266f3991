// What settles a promise of the host's is not the guest's, wherever an engine may keep it.
const caught = [];
const names = ['__v8qjs_resolve', '__v8qjs_reject', 'resolve', 'reject'];
for (const name of names) {
  for (const target of [Promise.prototype, Object.prototype]) {
    Object.defineProperty(target, name, {
      configurable: true,
      get() { return () => { caught.push(`${name} called`); }; },
      set(value) { caught.push(`${name} set`); },
    });
  }
}
export const attack = async () => {
  const answers = [await Slow.echo('a'), await Slow.fail('b').catch((error) => error), await import('b').catch((error) => error)];
  const own = [Slow.echo('c'), Slow.never(), import('d')];
  own[2].catch(() => {});
  for (const name of names) for (const target of [Promise.prototype, Object.prototype]) delete target[name];
  if (caught.length > 0) return `ESCAPED: the guest settles promises of the host: ${caught}`;
  if (answers[0] !== 'a') return `ESCAPED: another answer: ${answers[0]}`;
  for (const promise of own) if (Reflect.ownKeys(promise).length > 0) return 'ESCAPED: a promise has properties';
  return $all([...answers, ...own], 'promise');
};
