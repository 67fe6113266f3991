// Wrapped strings, ropes, external slices, lone surrogates and numbers where text is expected.
export const attack = () => [new String('a'), 5, ['a'], '\ud800', '\udc00a', Symbol.iterator, 1n, null, undefined, { toString: () => 'a' }].map((odd) => $thrown(() => Tool.echo(odd))?.name ?? 'ESCAPED: it crossed').join();
