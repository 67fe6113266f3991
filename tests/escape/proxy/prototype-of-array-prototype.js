// A Proxy above Array.prototype sees every hole that is read and every index that is written.
const asked = [];
export const attack = () => {
  const above = Object.getPrototypeOf(Array.prototype);
  Object.setPrototypeOf(Array.prototype, new Proxy(above, { get(t, key, r) { if (typeof key !== 'symbol' && /^\d+$/.test(key)) asked.push(r); return Reflect.get(t, key, r); }, set(t, key, value, r) { asked.push(r); return Reflect.set(t, key, value, r); } }));
  try { Tool.make(); Tool.order({ lines: [{}] }); Vault.guess(1, 'a'); Tool.deliver(); } finally { Object.setPrototypeOf(Array.prototype, above); }
  return asked.length > 0 ? `ESCAPED: ${$all(asked, 'array of the host')}` : 'held';
};
