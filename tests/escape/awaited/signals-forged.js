// Objects that look like signals, where a host method takes one.
// intrinsics: both
const seen = [];
export const attack = async () => {
  const { signal } = new AbortController();
  const trap = new Proxy({}, { get: (_, name) => (...args) => { seen.push(name, ...args); return Reflect[name](...args); } });
  const forged = [new Proxy(signal, trap), Object.create(signal), Object.create(AbortSignal.prototype), { aborted: false, reason: 1 },
    Object.setPrototypeOf(() => {}, signal), Object.setPrototypeOf([], AbortSignal.prototype), null, Symbol('signal'), 1n];
  for (const one of forged) {
    try { await Slow.never(one); return 'ESCAPED: it answered'; } catch (error) {
      if (!(error instanceof TypeError)) return `ESCAPED: ${error}`;
      seen.push(error);
    }
  }
  for (const call of [() => signal.throwIfAborted.call({}), () => Reflect.get(AbortSignal.prototype, 'aborted', new Proxy(signal, {})),
    () => new AbortController().abort.call(signal), () => AbortSignal.any([new Proxy(signal, {})])]) {
    try { call(); return 'ESCAPED: it was taken for a signal'; } catch (error) { seen.push(error); }
  }
  return $all(seen, 'forged');
};
