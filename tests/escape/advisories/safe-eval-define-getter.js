// Old methods of `Object.prototype` define getters on what the host reads: `__defineGetter__`, `valueOf`, `toLocaleString`.
// says: held 0 reads
let reads = 0;
export const attack = () => {
  const spied = ['valueOf', 'toLocaleString', 'propertyIsEnumerable', 'hasOwnProperty', 'toJSON', 'then', 'get', 'value', 'enumerable', 'cause', 'default'];
  const kept = { __proto__: null, ...Object.getOwnPropertyDescriptors(Object.prototype) }, values = { __proto__: null };
  for (const key of spied) values[key] = kept[key]?.value;
  const calls = [() => Tool.order({ lines: [{}] }), () => Tool.any({ a: [1] }), () => Tool.make(), () => Tool.echo(5), () => Tool.fail('sku'), () => Tool.deliver()];
  for (const key of spied) Object.prototype.__defineGetter__(key, function () { reads++; return values[key]; });
  try { for (const call of calls) try { call(); } catch {} } finally { for (const key of spied) delete Object.prototype[key]; for (const key of spied) if (kept[key]) Object.defineProperty(Object.prototype, key, kept[key]); }
  return reads > 0 ? `ESCAPED: the host read ${reads} getters` : `${$use(Tool, 'contract') || 'held'} ${reads} reads`;
};
