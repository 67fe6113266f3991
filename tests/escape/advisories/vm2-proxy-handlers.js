// The handler of a bridge's Proxy is found, and its traps are called with targets of the guest's.
// says: held TypeError 0 traps
const calls = [];
const spy = new Proxy({}, { get: (_, trap) => (...list) => { calls.push(trap, ...list); return Reflect[trap](...list); } });
export const attack = () => {
  const names = [new Proxy({ id: 1 }, spy), new Proxy([1], spy), new Proxy(() => 1, spy)].map((value) => $name(() => Tool.any(value)));
  const values = [Tool, Tool.echo, Tool.order({}), Tool.make()];
  const traps = values.flatMap((value) => ['getPrototypeOf', 'set', 'get', 'apply', 'construct'].filter((trap) => Reflect.ownKeys(value).includes(trap)));
  return `${$all([...calls, ...values], 'handler')} ${[...new Set(names)].join(' ')} ${calls.length + traps.length} traps`;
};
