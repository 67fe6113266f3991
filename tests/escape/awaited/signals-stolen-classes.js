// A guest reaches nothing more of the classes: no signal is made but by a controller, and no function of the host's is among them.
// intrinsics: both
export const attack = async () => {
  const seen = [];
  const { signal } = new AbortController();
  class Own extends AbortSignal { constructor(...args) { super(...args); } }
  class Controller extends AbortController { get signal() { return seen; } }
  for (const make of [() => new signal.constructor(), () => new Own(signal), () => Reflect.construct(AbortSignal, [Object.create(null)], Own),
    () => Reflect.construct(Object, [], AbortSignal).aborted, () => AbortSignal.call(signal), () => new (class extends AbortSignal.abort {})()]) {
    try { make(); return 'ESCAPED: a signal was made'; } catch (error) { seen.push(error); }
  }
  const foreign = Reflect.construct(AbortController, [], Array);
  AbortController.prototype.abort.call(foreign, 'own');
  new Controller().abort();
  for (const object of [AbortController, AbortSignal, AbortController.prototype, AbortSignal.prototype, signal]) {
    for (const key of Reflect.ownKeys(object)) {
      const { value, get, set } = Object.getOwnPropertyDescriptor(object, key);
      seen.push(value, get, set);
    }
  }
  if (Reflect.ownKeys(signal).length > 0) return 'ESCAPED: a signal has properties';
  return $all(seen.filter((value) => typeof value === 'function' || (typeof value === 'object' && value !== null)), 'class');
};
