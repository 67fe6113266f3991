// Aborts a signal from the getters of the arguments that go with it, and from a callback of the same call.
// intrinsics: both
export const attack = async () => {
  const seen = [];
  for (const act of [(controller) => controller.abort(new RangeError('mine')), (controller) => { controller.abort('text'); controller.abort('again'); }, (controller) => { Slow.never(controller.signal).catch(() => {}); controller.abort(); }, (controller) => { throw controller.abort() ?? new RangeError('thrown'); }]) {
    const controller = new AbortController();
    let reads = 0;
    const value = { get a() { reads++; act(controller); return { get b() { return Tool.add(1, 2); } }; } };
    const outcome = await Promise.race([(async () => Slow.hold(value, controller.signal))().then(() => 'answered', (error) => error), Slow.echo('').then(() => Slow.echo('')).then(() => 'open')]);
    if (outcome === 'answered' || outcome === 'open') return `ESCAPED: the call is ${outcome}`;
    if (reads !== 1) return `ESCAPED: it was read ${reads} times`;
    seen.push(outcome);
  }
  return $all(seen.filter((value) => typeof value === 'object' && value !== null), 'aborted');
};
