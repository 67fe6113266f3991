// A Proxy with every trap, for each parameter: none may run, for a Proxy is no data.
const run = [];
const traps = Object.fromEntries(Reflect.ownKeys(Reflect).filter((key) => typeof key === 'string').map((name) => [name, (...args) => { run.push(name); return Reflect[name](...args); }]));
export const attack = () => {
  for (const target of [{}, [], () => {}, new Uint8Array(2), new Map(), new Date(), new Error()]) for (const method of [Tool.order, Tool.bytes, Tool.any, Tool.echo, Vault.sum, Tool.add]) $thrown(() => method(new Proxy(target, traps), 1));
  return run.length > 0 ? `ESCAPED: traps ran: ${new Set(run).values().toArray()}` : 'held';
};
