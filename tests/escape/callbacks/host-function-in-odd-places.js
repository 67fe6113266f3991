// Puts a function of the host where the engine calls functions: accessors, `then`, traps, species, conversions, comparators.
// intrinsics: both
export const attack = () => {
  const bell = Vault.bell(), any = Vault.anyBell(), seen = [];
  const holder = Object.defineProperty({ then: bell, toJSON: bell, valueOf: any, toString: any, [Symbol.toPrimitive]: any }, 'got', { get: any, set: bell });
  class Own extends Array { static get [Symbol.species]() { return bell; } }
  const tries = [
    () => holder.got, () => { holder.got = 3; }, () => `${holder}`, () => +holder, () => holder + 1, () => JSON.stringify(holder), () => new Own(1, 2).map((x) => x), () => Own.from([1]).concat([2]),
    () => new Proxy({}, { get: bell }).x, () => new Proxy(function () {}, { apply: any, construct: any })(1), () => new (new Proxy(function () {}, { construct: any }))(1), () => [3, 1, 2].sort(bell), () => [3, 1].sort(any),
    () => [1, 2, 3].map(bell), () => [1].reduce(any, 0), () => 'a'.replace(/a/, bell), () => 'a'.replace(/a/, any), () => bell`1`, () => any`a${1}`, () => new Set([1]).forEach(any), () => Array.from({ [Symbol.iterator]: any }), () => [...{ [Symbol.iterator]: bell }],
    () => Object.groupBy?.([1, 2], bell), () => 1 instanceof { [Symbol.hasInstance]: any }, () => Reflect.ownKeys(new Proxy({}, { ownKeys: any })), () => new Promise(bell).catch(() => {}), () => Promise.resolve(1).then(bell).catch(() => {}), () => Promise.resolve(holder).catch(() => {}), () => JSON.parse('{"a":1}', any),
    () => Tool.any(holder), () => Tool.any({ toJSON: bell }), () => Vault.ring(any, 1), () => Vault.ring(bell.bind(null), 1), () => new WeakRef(bell).deref(), () => structuredClone?.(bell), () => eval.call(bell, '1'),
  ];
  for (const run of tries) { try { seen.push(run()); } catch (error) { seen.push(error); } }
  return bell(1) === 'rung 1' ? $all(seen.filter((value) => typeof value === 'object' && value !== null || typeof value === 'function'), 'place') : 'ESCAPED: the function changed';
};
