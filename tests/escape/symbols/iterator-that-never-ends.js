// An iterable without end, where a list is expected: it must be refused, or end.
export const attack = () => [{ *[Symbol.iterator]() { for (;;) yield 1; } }, (function* () { for (;;) yield 1; })(), { [Symbol.iterator]: () => ({ next: () => ({ value: 1, done: false }) }) }].map((odd) => $thrown(() => Vault.sum(odd)).name).join();
