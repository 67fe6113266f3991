// Without the `__proto__` accessor, and with another one that spies, data is written all the same.
const seen = [];
export const attack = () => {
  Object.defineProperty(Object.prototype, '__proto__', { configurable: true, set(value) { seen.push(this, value); }, get() { seen.push(this); return null; } });
  Tool.order({ id: 1 }); Tool.any({ a: {} }); Tool.make(); $thrown(() => Tool.refuse()); Tool.deliver();
  return seen.length > 0 ? 'ESCAPED: the host uses __proto__' : 'held';
};
