// Disposes handles and calls their methods where the stack is almost full.
// expect: ok, stack
const made = [];
const drawer = Vault.open('calls');
const deep = () => {
  try { return deep(); } catch {}
  try { drawer.read(1); } catch {}
  try { made.pop()?.[Symbol.dispose]?.(); } catch {}
  try { Vault.open('calls')[Symbol.dispose]?.(); } catch {}
};
export const again = () => { try { return deep(), 'x'; } catch { return 'y'; } };
export const attack = () => { for (let i = 0; i < 500; i++) made.push(Vault.open('calls')); deep(); return drawer.read(1) === 'a' || drawer.read(1) === 'c' ? 'held' : 'ESCAPED: the handle changed'; };
