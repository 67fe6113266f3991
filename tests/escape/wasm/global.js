// WebAssembly is there, under its own name or in a class of an error.
export const attack = () => (typeof WebAssembly === 'undefined' ? 'held' : `ESCAPED: ${Reflect.ownKeys(WebAssembly).map(String)}`);
