// A listener calls the host, is called again by it, and aborts once more, while calls of the host end.
// intrinsics: both
let controller, depth = 0;
const seen = [];
export const again = (at) => { controller.abort(`again ${at}`); return 'again'; };
export const attack = async () => {
  controller = new AbortController();
  const other = new AbortController();
  const any = AbortSignal.any([controller.signal, other.signal]);
  const calls = [Slow.never(any), Slow.never(controller.signal), Slow.never(other.signal)];
  await Slow.echo('a');
  any.addEventListener('abort', (event) => {
    seen.push(event, Tool.add(1, 2), Tool.again(depth++));
    other.abort(Slow.never(any).catch((reason) => { seen.push(reason); }));
  });
  controller.signal.onabort = () => { other.abort(); throw new RangeError('of a listener'); };
  controller.abort({ get then() { seen.push('then'); return undefined; } });
  for (const { status, reason } of await Promise.allSettled(calls)) {
    if (status !== 'rejected') return 'ESCAPED: a call was answered';
    seen.push(reason);
  }
  return $all(seen.filter((value) => typeof value === 'object' && value !== null), 'listener');
};
