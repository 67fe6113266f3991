// A clone is no contract, no handle and no class with powers.
export const attack = () => {
  if (typeof structuredClone === 'undefined') return 'held';
  const got = [];
  for (const value of [Tool, Tool.add, globalThis, { Tool }, [Tool.add], new Map([[1, Tool.add]])]) {
    try { got.push(structuredClone(value)); } catch (error) { if (error.name !== 'DataCloneError' && !(error instanceof Error)) return 'ESCAPED: a foreign error'; }
  }
  for (const clone of got) if (JSON.stringify(clone, (_, value) => (typeof value === 'function' ? 'function' : value))?.includes('function')) return 'ESCAPED: a function was cloned';
  const proxy = new Proxy({}, { ownKeys() { return ['a']; }, getOwnPropertyDescriptor() { return { value: Tool, enumerable: true, configurable: true }; } });
  try { structuredClone(proxy); return 'ESCAPED: a proxy was cloned'; } catch {}
  return 'held';
};
