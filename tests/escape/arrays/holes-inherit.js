// A hole is read as JavaScript reads it: from the prototype, so what is planted there is the guest's own value.
export const attack = () => {
  Object.defineProperty(Array.prototype, 1, { configurable: true, get() { return Tool.add(1, 2); } });
  try { return String(Vault.sum([1, , 3])); } finally { delete Array.prototype[1]; }
};
