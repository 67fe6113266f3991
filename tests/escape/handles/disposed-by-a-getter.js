// A getter of an argument disposes the handle whose method is being called.
// says: held
export const attack = () => {
  if (!Symbol.dispose) return 'held';
  const drawer = Vault.open('calls');
  const error = $thrown(() => drawer.take({ get a() { drawer[Symbol.dispose](); drawer[Symbol.dispose](); return 1; } }));
  const again = $thrown(() => drawer.read(1));
  const inArgument = $thrown(() => Vault.owns((drawer[Symbol.dispose](), drawer)));
  const gained = $use(error, 'error') || $use(again, 'again') || $use(inArgument, 'argument');
  return gained || (error?.name === 'TypeError' && again?.name === 'TypeError' && inArgument?.name === 'TypeError' ? 'held' : `ESCAPED: it was used after its end: ${error} ${again} ${inArgument}`);
};
