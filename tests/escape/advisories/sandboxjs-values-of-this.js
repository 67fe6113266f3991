// Values that functions return are not wrapped: lists of the globals hold the real function of functions.
// says: held EvalError EvalError EvalError
export const attack = () => {
  const globals = Object.getOwnPropertyDescriptors(globalThis);
  const makers = [Object.values(globals).find((each) => each.value?.name === 'Function').value, new Map(Object.entries(globals)).get('Function').value, Array.from([globalThis.Function]).at(0)];
  const host = [Object.values(Tool), Object.entries(Vault).flat(), [Tool.make()].flat(), Object.values(Tool.order({}))].flat();
  for (const make of makers) { const gained = $code(make, 'value'); if (gained) return gained; }
  return `${$all(host, 'value')} ${makers.map((make) => $name(() => make('return this')())).join(' ')}`;
};
