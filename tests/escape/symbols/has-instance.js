// `instanceof` is a hook: whoever tests an argument or an error by it asks the guest.
let asked = 0;
export const attack = () => {
  for (const target of [Error, Array, Object, Uint8Array, Date, Map, Promise]) Object.defineProperty(target, Symbol.hasInstance, { value() { asked++; return true; } });
  $thrown(() => Tool.bytes({})); $thrown(() => Tool.echo([])); Tool.order({}); $thrown(() => Tool.refuse()); $thrown(() => Vault.sum(new Set([1])));
  return asked > 0 ? 'ESCAPED: the host used instanceof' : 'held';
};
