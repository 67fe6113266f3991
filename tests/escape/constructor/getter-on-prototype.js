// A getter on Object.prototype gets the host's value as `this` whenever the host asks for a property that is not there.
const seen = [];
export const attack = () => {
  for (const name of ['id', 'note', 'lines', 'then', 'toJSON', 'constructor0', 'sku']) {
    Object.defineProperty(Object.prototype, name, { configurable: true, get() { seen.push(this); return undefined; } });
  }
  try { Tool.order({}); Tool.any({}); Tool.make(); Tool.deliver(); } finally {
    for (const name of ['id', 'note', 'lines', 'then', 'toJSON', 'constructor0', 'sku']) delete Object.prototype[name];
  }
  return $all(seen, 'this');
};
