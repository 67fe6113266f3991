// Makes assignable properties of frozen intrinsics read-only, so that no other script can assign them on its objects.
// intrinsics: frozen
const deep = (object) => { let proxy = object; for (let i = 0; i < 1000; i++) proxy = new Proxy(proxy, {}); return proxy; };
const lying = () => { let reads = 0; return { get writable() { return reads++ > 0; } }; };
export const attack = () => {
  for (const object of [Object.prototype, Error.prototype, Map, deep(Object.prototype), deep(Error.prototype)]) {
    for (const key of ['toString', 'constructor', 'name', 'valueOf', 'groupBy']) {
      for (const run of [
        () => Object.freeze(object), () => Object.seal(object), () => Object.preventExtensions(object),
        () => Object.defineProperty(object, key, { writable: false }), () => Reflect.defineProperty(object, key, lying()),
        () => Object.defineProperties(object, { [key]: { writable: false } }), () => Object.defineProperties(object, { get [key]() { return lying(); } }),
        () => Object.defineProperty(object, { toString() { return key; } }, { __proto__: { writable: null } }),
        () => Reflect.apply(Reflect.defineProperty, Reflect, [object, key, new Proxy({ writable: false }, {})]),
        () => object.__defineGetter__(key, () => 1), () => Reflect.set({}, key, 1, object), () => { object[key] = 1; },
        () => new (class extends function () { return object; } { [key] = 1; })(), () => JSON.parse('{"a":1}', function () { return object; }),
        () => Error.captureStackTrace(object), () => Array.from.call(function () { return object; }, [1]),
      ]) { try { run(); } catch {} }
    }
  }
  const heirs = [{}, new Error('x'), class extends Map {}];
  return heirs.map((heir, i) => {
    const key = ['toString', 'name', 'groupBy'][i];
    const thrown = $thrown(() => { heir[key] = 7; });
    return thrown || heir[key] !== 7 ? `ESCAPED: ${key} cannot be assigned` : 'held';
  }).join();
};
