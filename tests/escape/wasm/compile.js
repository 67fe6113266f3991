// Compiles the smallest module.
export const attack = () => { const bytes = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]); const module = $thrown(() => { new WebAssembly.Module(bytes); }); return module ? 'held' : 'ESCAPED: native code was made'; };
