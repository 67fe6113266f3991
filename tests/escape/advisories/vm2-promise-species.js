// A species constructor of the guest's receives what a promise of the host rejects with.
// attack: awaited
// says: held RangeError
const seen = [];
class Spy { constructor(run) { run((value) => { seen.push(value); }, (error) => { seen.push(error); }); } static get [Symbol.species]() { return Spy; } }
export const attack = async () => {
  const promise = Slow.fail('sku');
  let reads = 0;
  Object.defineProperty(promise, 'constructor', { get: () => (reads++ === 0 ? Promise : { [Symbol.species]: Spy }) });
  for (const chain of [() => promise.then(), () => promise.finally(() => {}), () => promise.catch()]) try { chain(); } catch (error) { seen.push(error); }
  await Slow.echo('later').then(() => Slow.echo('latest'));
  return `${$all(seen, 'species')} ${seen.find((value) => value instanceof RangeError)?.name}`;
};
