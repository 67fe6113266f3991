// Looks for the class of handles, or a way to construct one: constructors, new.target, super, fields, species.
export const attack = () => {
  const drawer = Vault.open('a'), proto = $proto(drawer), found = [];
  if ('constructor' in drawer) found.push('constructor');
  if ($proto(proto) !== null) found.push('a prototype of the methods');
  for (const key of [...$keys(drawer), ...$keys(proto)]) {
    const method = drawer[key];
    if (typeof method !== 'function') { found.push(String(key)); continue; }
    for (const key of ['prototype', 'caller', 'arguments']) if (Object.hasOwn(method, key)) found.push(`${key} of a method`);
    for (const run of [() => new method(1), () => Reflect.construct(method, [1]), () => Reflect.construct(Object, [], method), () => class extends method {}]) if ($name(run) !== 'TypeError') found.push('a method constructs');
  }
  class Thief extends function (object) { return object; } { static #taken = 1; number = 1; }
  if ($name(() => new Thief(drawer)) !== 'TypeError') found.push('a field was put on a handle');
  class Caller { read(count) { return super.read(count); } }
  Object.setPrototypeOf(Caller.prototype, proto);
  if ($name(() => new Caller().read(1)) !== 'TypeError') found.push('super');
  return $all([drawer, proto, drawer.read, drawer.take, drawer.open], 'handle') !== 'held' ? $all([drawer, proto], 'handle') : found.length ? `ESCAPED: ${found.join()}` : 'held';
};
