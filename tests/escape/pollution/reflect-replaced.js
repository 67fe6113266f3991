// Reflect, Symbol, Proxy, WeakMap and Promise are replaced by spies before the host is used again.
const seen = [];
export const attack = () => {
  for (const name of Reflect.ownKeys(Reflect)) if (typeof Reflect[name] === 'function') Reflect[name] = (...args) => { seen.push(args); };
  for (const name of ['Promise', 'WeakMap', 'Map', 'Set', 'Symbol', 'Proxy', 'Array', 'Uint8Array', 'BigInt', 'String', 'Number']) globalThis[name] = new Function0(name);
  $thrown(() => Tool.echo(5)); Tool.make(); Tool.order({ lines: [{}] }); Tool.deliver(); Vault.sum([1]);
  return seen.length > 0 ? `ESCAPED: the host uses ${seen}` : 'held';
};
function Function0(name) { return function (...args) { seen.push(name, args); }; }
