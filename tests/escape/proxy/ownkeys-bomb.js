// A target with a Proxy prototype whose ownKeys gives a million keys, for whoever enumerates the chain.
// quickjs: skip — the layer over the engine enumerates prototypes
export const attack = () => {
  let ran = 0;
  const many = new Proxy({}, { ownKeys() { ran++; return Array.from({ length: 1e5 }, (_, i) => `k${i}`); } });
  Tool.any(Object.setPrototypeOf({ a: 1 }, many)); Tool.order(Object.setPrototypeOf({ id: 1 }, many));
  return ran > 0 ? 'ESCAPED: the host enumerates prototypes' : 'held';
};
