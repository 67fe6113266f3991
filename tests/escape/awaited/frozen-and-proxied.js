// A Proxy of a host's promise is awaited, and then returned.
const seen = [];
export const attack = async () => {
  const traps = new Proxy({}, { get: (_, name) => (...args) => { seen.push(name, ...args); return Reflect[name](...args); } });
  const proxy = new Proxy(Object.freeze(Slow.any({ a: 1 })), traps);
  try { await proxy; } catch (error) { seen.push(error); }
  return $all([...seen], 'trap');
};
