// Host methods with every kind of `this`: none may matter.
export const attack = () => [undefined, null, globalThis, Tool, Vault, Symbol(), 1n, new Proxy({}, { get() { throw 1; } })].map((self) => Reflect.apply(Tool.add, self, [1, 2])).join();
