"use strict";
// `compile` and `instantiate` of WebAssembly. The engine's own end in a task of another thread, for which no call waits. These
// compile at once, as `new WebAssembly.Module` does. The program runs before code of the guest.
const { Module, Instance } = wasm;
const own = {
  async compile(bytes) {
    return new Module(bytes);
  },
  async instantiate(source, imports = undefined) {
    if (isModule(source)) return new Instance(source, imports);
    const module = new Module(source);
    return { module, instance: new Instance(module, imports) };
  },
};
wasm.compile = own.compile;
wasm.instantiate = own.instantiate;
