// Errors of the host, in each way in which it can fail: only what is declared is told, and no object is of another realm.
export const attack = async () => {
  const errors = [], told = [];
  for (const run of [() => Slow.refuse(), () => Slow.explode(), () => Slow.fail('secret'), () => Slow.fail('shown'), () => Slow.echo(5)]) {
    try { await run(); told.push('ESCAPED: it did not fail'); } catch (error) { errors.push(error); }
  }
  for (const error of errors) {
    told.push(String(error), error.stack, JSON.stringify(error));
    for (const key of Reflect.ownKeys(error)) told.push(String(key), String(error[key]));
    errors.length < 40 && error.cause !== undefined && errors.push(error.cause);
  }
  return `${$all(errors, 'rejection')} ${told.join(' ')}`;
};
