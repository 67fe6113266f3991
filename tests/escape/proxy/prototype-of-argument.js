// Plain data whose prototype is a Proxy: whatever is not its own is asked of the guest.
const asked = [];
export const attack = () => {
  const trap = new Proxy({}, { get(_, key) { asked.push(key); return 5; }, has(_, key) { asked.push(key); return true; }, getPrototypeOf() { asked.push('prototype'); return null; } });
  const order = Tool.order(Object.create(trap, { total: { value: 2, enumerable: true } }));
  return order.id === 5 ? `ESCAPED: inherited data crossed, ${asked.map(String)}` : 'held';
};
