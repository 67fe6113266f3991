// Reasons that are thenables, Proxies, functions of the host, signals and promises, in realms of both kinds.
// intrinsics: both
export const attack = async () => {
  const seen = [];
  const reasons = [{ then(resolve) { seen.push(resolve); resolve('taken'); } }, new Proxy({}, { get(_, key) { if (key !== 'then') seen.push(key); return undefined; } }), Vault.bell(), Vault.open('a'), Vault.items(1), new AbortController().signal, Promise.reject(1), null, 0, '', Symbol('s'), Slow.never];
  reasons[6].catch(() => {});
  for (const reason of reasons) {
    const controller = new AbortController();
    const any = AbortSignal.any([AbortSignal.any([controller.signal]), new AbortController().signal]);
    const call = Slow.never(any);
    await Slow.echo('a');
    controller.abort(reason);
    const got = await call.then(() => { throw 'answered'; }, (error) => [error]);
    if (got[0] !== reason) return `ESCAPED: another reason: ${String(got[0])}`;
    if ((await Slow.never(any).catch((error) => [error]))[0] !== reason) return 'ESCAPED: a call with an aborted signal was made';
  }
  return $all(seen.filter((value) => typeof value === 'object' || typeof value === 'function'), 'reason');
};
