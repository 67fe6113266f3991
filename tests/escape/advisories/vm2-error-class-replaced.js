// The global `Error` is replaced by one whose `prepareStackTrace` receives the frames of the host.
// says: held 0 frames
const frames = [];
export const attack = () => {
  const Real = Error;
  globalThis.Error = function Error() {};
  for (const holder of [globalThis.Error, Real, TypeError]) holder.prepareStackTrace = (_, sites) => { frames.push(...sites); return 'prepared'; };
  const texts = [new Real('e'), $thrown(() => null.x), $thrown(() => Tool.echo(5)), $thrown(() => Tool.refuse())].map((error) => String(error.stack));
  globalThis.Error = Real;
  for (const holder of [Real, TypeError]) delete holder.prepareStackTrace;
  if (texts.includes('prepared')) return `ESCAPED: the hook was called ${$all(frames.flatMap((site) => [site, site.getThis?.(), site.getFunction?.()]), 'frame')}`;
  return `${$all(frames, 'frame')} ${frames.length} frames`;
};
