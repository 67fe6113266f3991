// An async iterable as an argument and as a result.
// expect: value
export const attack = () => { const endless = { async *[Symbol.asyncIterator]() { for (;;) yield 1; } }; $thrown(() => Vault.sum(endless)); return endless; };
