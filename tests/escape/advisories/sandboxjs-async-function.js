// The constructor of functions is replaced, but not those of async functions, generators and async generators.
// says: held EvalError EvalError EvalError EvalError
export const attack = () => {
  const kinds = [() => {}, async () => {}, function* () {}, async function* () {}];
  globalThis.Function = class {};
  const makers = kinds.map((kind) => kind.constructor);
  for (const make of makers) { const gained = $code(make, 'kind'); if (gained) return gained; }
  return `${$all(kinds, 'kind')} ${makers.map((make) => $name(() => make('return this'))).join(' ')}`;
};
