// A function of the guest that never ends, called by the host in the midst of a call that catches everything.
// expect: wall, ok
export const attack = () => {
  for (;;) { try { Vault.ring(() => { try { for (;;); } finally { for (;;); } }, 1); } catch {} finally { Vault.bell(() => { for (;;); })(1); } }
};
