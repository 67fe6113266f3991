// The global object's prototype is replaced by a Proxy, so that every missing global asks the guest.
// quickjs: skip — the layer over the engine looks for a flag of its own on the global object
const asked = [];
export const attack = () => {
  const error = $thrown(() => Object.setPrototypeOf(globalThis, new Proxy({}, { has(_, key) { asked.push(key); return false; }, get(_, key) { asked.push(key); } })));
  asked.length = 0;
  Tool.add(1, 2); $thrown(() => Tool.echo(5)); Vault.guess(1, 'a'); $thrown(() => Tool.refuse());
  if (asked.length > 0) return `ESCAPED: the shim asked for ${asked.map(String)}`;
  return error ? error.name : 'held';
};
