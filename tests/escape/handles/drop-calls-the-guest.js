// The host's object calls the guest when it is dropped, in the midst of the guest's own call.
let calls = 0, dropped = [];
export const again = () => { calls++; if (calls < 20 && Symbol.dispose) { const other = Vault.open('calls'); other[Symbol.dispose](); } dropped.push($name(() => Vault.open('y').read(1))); return 'x'; };
export const attack = () => {
  if (!Symbol.dispose) return 'held';
  const drawer = Vault.open('calls');
  const argument = { get a() { drawer[Symbol.dispose](); return [1]; } };
  $thrown(() => drawer.take(argument));
  const all = $thrown(() => Tool.any({ get a() { Vault.open('calls')[Symbol.dispose](); return 1; } }));
  const list = Tool.make();
  return calls > 1 && list.length === 3 && all === undefined ? 'held' : `ESCAPED: calls are mixed up: ${calls} ${list.length} ${all}`;
};
