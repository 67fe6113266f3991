// The sandbox asks a `Map` whether something is allowed; the guest has overwritten `Map.prototype.has`.
// says: held EvalError 3 refusals
export const attack = () => {
  const real = [[Map.prototype, 'has'], [Set.prototype, 'has'], [WeakMap.prototype, 'has'], [Map.prototype, 'get'], [Array.prototype, 'includes'], [Object, 'isFrozen'], [Reflect, 'ownKeys'], [Number, 'isInteger']].map(([holder, key]) => [holder, key, holder[key]]);
  const names = [];
  for (const [holder, key] of real) holder[key] = () => true;
  for (const call of [() => Tool.echo(5), () => Tool.order({ id: 'x' }), () => Vault.guess(-1, 'a')]) names.push($name(call));
  const name = $name(() => Map.prototype.has.constructor('return this')());
  for (const [holder, key, value] of real) holder[key] = value;
  const refused = names.filter((each) => each === 'TypeError').length;
  return `${$code(Map.prototype.has.constructor, 'has') || 'held'} ${name} ${refused === 3 ? '3 refusals' : `ESCAPED: values were not checked: ${names}`}`;
};
