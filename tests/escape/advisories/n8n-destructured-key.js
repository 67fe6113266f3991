// A filter looks at the names of property accesses, and not at patterns, computed keys and keys that are no strings.
// says: held EvalError
const keys = [['constructor'], { toString: () => 'constructor' }, `con${'structor'}`, 'rotcurtsnoc'.split('').reverse().join('')];
export const attack = () => {
  const { constructor: { constructor: first } } = Tool.order({});
  const { ['constructor']: { ['constructor']: second } } = Tool.echo;
  const makers = [first, second, ...keys.map((key) => Tool.echo[key]), ...keys.map((key) => ((...[value]) => value)[key])];
  for (const make of makers) { const gained = $code(make, 'key'); if (gained) return gained; }
  return `${$all(makers, 'maker')} ${[...new Set(makers.map((make) => $name(() => make('return this')())))].join(' ')}`;
};
