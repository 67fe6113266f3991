// The host's objects panic when they are dropped, one by one and in heaps.
export const attack = () => {
  for (let i = 0; i < 50; i++) {
    const drawer = Vault.open('panics');
    if (Symbol.dispose && i % 2) drawer[Symbol.dispose]();
  }
  return Vault.open('a').read(1) === 'a' ? 'held' : 'ESCAPED: a handle changed';
};
