// A method of a handle calls the guest, who disposes the handle, makes others and calls the method again.
let drawer, depth = 0, said = [];
export const again = () => { depth++; if (Symbol.dispose) drawer[Symbol.dispose](); said.push($name(() => drawer.read(1)), Vault.open('x').read(1)); if (depth < 3) said.push($name(() => drawer.again())); return `inner ${depth}`; };
export const attack = () => {
  drawer = Vault.open('calls');
  const told = drawer.again();
  return told.startsWith('inner') && (!Symbol.dispose || said[0] === 'TypeError') ? 'held' : `ESCAPED: ${told} ${said}`;
};
