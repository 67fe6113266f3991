// Watches the promises of a stream by `then`, species and constructors, to get a batch before the stream does.
// attack: awaited
// intrinsics: both
const seen = [];
const watch = function (...args) { seen.push(this, ...args); };
export const attack = async () => {
  const { then } = Promise.prototype;
  const get = { configurable: true, get() { seen.push(this); return undefined; } };
  for (const proto of [Object.prototype, Array.prototype]) Reflect.defineProperty(proto, 'then', get);
  Reflect.defineProperty(Promise, Symbol.species, { configurable: true, get() { watch.call(this); return class extends Promise { constructor(run) { super(run); watch.call(this, run); } }; } });
  Reflect.defineProperty(Promise.prototype, 'constructor', { configurable: true, get() { watch.call(this); return Promise; } });
  Reflect.defineProperty(Promise.prototype, 'then', { configurable: true, value(...args) { return Reflect.apply(then, this, args.map((arg) => typeof arg === 'function' ? (value) => { seen.push(value); return arg(value); } : arg)); } });
  const rows = await Slow.rows(40);
  let said = '';
  for (let result = await rows.next(); !result.done; result = await rows.next()) {
    if ($proto($proto(result) ?? {}) !== null) return 'ESCAPED: a result has a prototype of the guest';
    said += result.value;
  }
  for (const proto of [Object.prototype, Array.prototype]) Reflect.deleteProperty(proto, 'then');
  const batch = seen.find((value) => Array.isArray(value));
  if (batch) return `ESCAPED: a batch was seen: ${batch.length}`;
  return said.length === 70 ? $all(seen.filter((value) => typeof value === 'object' && value !== null), 'seen') : `ESCAPED: other values: ${said}`;
};
