// The promise of an async function is not the promise that a sandbox has patched: it rejects with errors of the engine.
// attack: awaited
// says: held TypeError TypeError RangeError
const deep = () => deep() + 1;
export const attack = async () => {
  const seen = [];
  for (const fail of [async () => { const error = new Error('e'); error.name = Symbol('n'); return `${error}`; }, async () => Tool.echo(5), async () => deep()]) {
    await fail().catch((error) => { seen.push(error); });
  }
  return `${$all(seen, 'rejection')} ${seen.map((error) => error.name).join(' ')}`;
};
