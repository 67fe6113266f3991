// What flags of an engine add: `gc`, natives syntax, profilers, and the names of shells.
export const attack = () => { const there = ['gc', 'd8', 'print', 'load', 'read', 'quit', 'std', 'os', 'scriptArgs', 'bjson', 'Worker', 'navigator', '__loadScript', 'version', 'testRunner'].filter((name) => name in globalThis); return there.length > 0 ? `ESCAPED: ${there}` : 'held'; };
