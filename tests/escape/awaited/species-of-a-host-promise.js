// A host's promise gets a species constructor of the guest's, which sees what `then` makes of it.
const seen = [];
export const attack = async () => {
  const promise = Slow.any({ a: [1] });
  promise.constructor = { [Symbol.species]: function (executor) { const all = []; executor((v) => all.push(v), (e) => all.push(e)); seen.push(executor, all); } };
  promise.then((value) => { seen.push(value); });
  await Slow.echo('x').then(() => Slow.echo('y'));
  return $all([promise, ...seen], 'species');
};
