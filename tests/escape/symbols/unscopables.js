// `with` and unscopables decide what a sloppy name means; a shim in sloppy mode would ask.
let asked = 0;
export const attack = () => {
  Object.defineProperty(globalThis, Symbol.unscopables, { configurable: true, get() { asked++; return { fast0: true, checked0: true, Tool: true }; } });
  Tool.add(1, 2); Tool.echo('a'); Vault.guess(1, 'a');
  return asked > 0 ? 'ESCAPED: names are looked up in the global object' : 'held';
};
