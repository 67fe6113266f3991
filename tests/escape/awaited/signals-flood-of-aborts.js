// Many calls that begin and end, and one signal that is given to all of them.
// intrinsics: both
export const attack = async () => {
  const kept = new AbortController();
  for (let at = 0; at < 300; at++) {
    const controller = new AbortController();
    const call = Slow.never(at % 3 ? controller.signal : AbortSignal.any([kept.signal, controller.signal]));
    if (at % 7 === 0) await Slow.echo('a');
    controller.abort(at);
    const reason = await call.catch((reason) => reason);
    if (reason !== at) return `ESCAPED: another reason: ${reason}`;
  }
  kept.abort();
  return 'all ended';
};
