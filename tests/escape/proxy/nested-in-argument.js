// The Proxy is deep inside of plain data, and in the place of a list.
const run = [];
const spy = (target) => new Proxy(target, { get(t, key) { run.push(key); return t[key]; }, ownKeys(t) { run.push('keys'); return Reflect.ownKeys(t); } });
export const attack = () => {
  const errors = [() => Tool.order({ lines: spy([]) }), () => Tool.order({ lines: [spy({})] }), () => Tool.any({ a: [spy({})] })].map($thrown);
  return run.length > 0 || errors.includes(undefined) ? `ESCAPED: ${run}` : 'held';
};
