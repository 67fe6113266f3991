// An `async` function of the host: its promises, its calls by the thousand, and functions of both sides in turn.
// attack: awaited
// intrinsics: both
export const attack = async () => {
  const bell = await Slow.bell(), seen = [bell, bell(1)];
  if (Object.isFrozen(bell) !== true || $name(() => new bell(1)) !== 'TypeError') return 'ESCAPED: the function is open';
  const first = bell(1);
  if (!(first instanceof Promise) || $own(first, 'constructor')) return 'ESCAPED: another promise';
  const all = await Promise.all(Array.from({ length: 200 }, (_, at) => bell.call(bell, at)));
  if (all.some((said, at) => said !== `rung ${at}`)) return 'ESCAPED: answers are mixed up';
  seen.push(await bell('x').catch((error) => error), await bell({ then() {} }).catch((error) => error));
  const thenable = { then: bell };
  seen.push(await Promise.race([Promise.resolve(thenable).catch((error) => error), Slow.echo('late')]));
  let layers = async (at) => `v${at}`;
  for (let n = 0; n < 8; n++) layers = await Slow.bell(layers);
  const said = await layers(2), same = await Slow.ring(bell, 2);
  return said === 'v2' && same === 'rung 0rung 1' ? $all(seen.filter((value) => typeof value === 'object' || typeof value === 'function'), 'function') : `ESCAPED: ${said} ${same}`;
};
