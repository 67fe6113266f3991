// A function among the values of an expression is called by the evaluator, with what the evaluator holds.
// says: held 0 calls TypeError
const calls = [];
const spy = function (...list) { calls.push(this, ...list); return 'called'; };
export const attack = () => {
  const names = [() => Tool.any({ f: spy }), () => Tool.any([spy]), () => Tool.order({ id: spy }), () => Tool.echo(spy), () => Vault.sum([spy])].map($name);
  return `${$all(calls, 'call')} ${calls.length} calls ${[...new Set(names)].join(' ')}`;
};
