// The same on Object.prototype, which objects with integer keys inherit as well.
const seen = [];
export const attack = () => {
  for (const key of ['0', '1', 'length', 'id', 'lines', 'a']) Object.defineProperty(Object.prototype, key, { configurable: true, set(value) { seen.push(this, value); }, get() { return undefined; } });
  try { Tool.make(); Tool.order({}); Tool.any({ a: 1, 0: 2 }); Tool.deliver(); } finally { for (const key of ['0', '1', 'length', 'id', 'lines', 'a']) delete Object.prototype[key]; }
  return seen.length > 0 ? 'ESCAPED: the host assigns' : 'held';
};
