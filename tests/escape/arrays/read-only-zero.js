// A read-only `0` on Array.prototype makes assignment fail where definition does not.
export const attack = () => {
  Object.defineProperty(Array.prototype, 0, { configurable: true, value: 'planted', writable: false });
  try { const made = Tool.make(); return made[0] === 'a' && Object.hasOwn(made, 0) ? 'held' : 'ESCAPED: a result was changed'; } finally { delete Array.prototype[0]; }
};
