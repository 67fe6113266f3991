// The stack of an asynchronous error that no one handles is prepared outside of the sandbox, by the guest's hook.
// attack: awaited
// says: held 0 frames
const frames = [];
export const attack = async () => {
  Error.prepareStackTrace = (error, sites) => { frames.push(error, ...sites); return `${error}`; };
  (async () => { await null; throw new Error('late'); })();
  (async () => { await Slow.refuse(); })();
  new Promise((_, reject) => { reject(new TypeError('at once')); });
  await Slow.echo('later');
  const text = String((await Slow.fail('secret').catch((error) => error)).stack);
  delete Error.prepareStackTrace;
  const used = frames.flatMap((site) => [site, site.getThis?.(), site.getFunction?.()]);
  return frames.length > 0 ? `ESCAPED: the hook was called ${$all(used, 'frame')}` : `${$all([text], 'text')} ${frames.length} frames`;
};
