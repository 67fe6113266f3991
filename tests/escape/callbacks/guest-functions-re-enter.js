// Functions of the guest and of the host that call each other, through many layers, until the stack is full.
// intrinsics: both
// expect: ok, stack, guest
export const attack = () => {
  let layers = (at) => `v${at}`;
  for (let n = 0; n < 12; n++) layers = Vault.bell(layers);
  if (layers(3) !== 'v3') return `ESCAPED: another answer: ${layers(3)}`;
  let depth = 0, most = 0;
  const deep = (at) => { most = depth++; try { return Vault.ring(deep, 1); } catch (error) { return depth > most + 1 ? 'x' : $use(error, 'error') || 'end'; } finally { depth--; } };
  const said = deep(0);
  const self = Vault.bell((at) => self(at + 1));
  const error = $thrown(() => self(0)), mixed = $thrown(() => Vault.ring((at) => Vault.bell(deep)(at) + Tool.again(1), 2));
  if (said.startsWith('ESCAPED')) return said;
  return Vault.ring((at) => `w${at}`, 2) === 'w0w1' ? $use(error, 'self') || $use(mixed, 'mixed') || 'held' : 'ESCAPED: calls are mixed up';
};
export const again = () => { try { return Vault.ring(() => Vault.ring(() => 'inner', 1), 1); } catch (error) { return String(error); } };
