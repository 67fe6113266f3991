// `newTarget` decides by whose realm a default prototype is: that of a host function would be the host's.
export const attack = () => {
  const target = function () {}.bind();
  const odd = new Proxy(target, { get: (t, key) => (key === 'prototype' ? undefined : t[key]) });
  return $all([Array, Object, Error, Map, Promise.resolve.constructor, Uint8Array].map((make) => { try { return Reflect.construct(make, [], odd); } catch (error) { return error; } }), 'made');
};
