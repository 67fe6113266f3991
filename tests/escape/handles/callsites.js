// Looks for frames of the host in the stacks of errors that the methods of handles throw.
// intrinsics: frozen
export const attack = () => {
  const drawer = Vault.open('a'), stacks = [];
  for (const run of [() => drawer.read('x'), () => drawer.fail(), () => drawer.take(Symbol()), () => Reflect.apply(drawer.read, {}, [1]), () => Vault.owns({}), () => drawer.read({ valueOf() { throw new Error('inside'); } })]) stacks.push($thrown(run)?.stack ?? '');
  const strange = stacks.map((stack) => stack.slice(stack.indexOf('\n'))).filter((stack) => /sandbox:|\/src\/|\.rs\b|checked/.test(stack));
  return strange.length ? `ESCAPED: a stack names the host: ${strange[0]}` : 'held';
};
