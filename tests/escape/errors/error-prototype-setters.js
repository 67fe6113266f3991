// Setters on the prototypes of errors would see what the host assigns, and to what.
const seen = [];
export const attack = () => {
  for (const prototype of [Error.prototype, RangeError.prototype, TypeError.prototype, Object.prototype]) {
    for (const key of ['message', 'sku', 'cause', 'code', 'reference', 'stack']) Object.defineProperty(prototype, key, { configurable: true, set(value) { seen.push(this, value); }, get() { return undefined; } });
  }
  const errors = [$thrown(() => Tool.fail('a')), $thrown(() => Tool.refuse()), $thrown(() => Tool.echo(5))];
  for (const prototype of [RangeError.prototype, TypeError.prototype, Object.prototype]) for (const key of ['message', 'sku', 'cause', 'code', 'reference', 'stack']) delete prototype[key];
  return seen.length > 0 ? 'ESCAPED: the host assigns where it should define' : $all(errors, 'error');
};
