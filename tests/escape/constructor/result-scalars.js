// Primitives have constructors through their wrappers; a result of the host could be a wrapper itself.
export const attack = () => {
  const results = [Tool.add(1, 2), Tool.echo('x'), Tool.flag(true, 1), Vault.guess(1, 'a')];
  if (results.some((result) => typeof result === 'object')) return 'ESCAPED: a wrapper of the host';
  return $all([...results.map((result) => Object(result)), ...results.map((result) => result.constructor)], 'scalar');
};
