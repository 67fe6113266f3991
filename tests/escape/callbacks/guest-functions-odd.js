// Gives the host functions that are Proxies, bound, classes, generators, `async`, and that throw themselves or change later.
// intrinsics: both
export const attack = () => {
  const seen = [], told = [];
  const trap = new Proxy(() => 'x', new Proxy({}, { get(_, key) { told.push(key); return key === 'apply' ? (target, self, args) => { seen.push(self, args); return `y${args.length}`; } : undefined; } }));
  const thrower = () => { throw thrower; }, getter = Object.defineProperty(() => 'z', 'call', { get() { seen.push(this); return 1; } });
  Object.defineProperty(getter, 'apply', { get() { seen.push(this); } });
  const revoked = Proxy.revocable(() => 'x', {});
  revoked.revoke();
  const odd = [trap, (function () { seen.push(this, arguments); return 'a'; }), function () { 'use strict'; seen.push(this); return 'b'; }.bind({ a: 1 }), class {}, class extends Array {}, function* () { yield 1; }, async () => 'c', async function* () {}, thrower, getter, revoked.proxy,
    () => new String('d'), () => ({ toString() { return 'e'; } }), () => new Proxy({}, {}), () => ({ then(resolve) { resolve('f'); } }), () => Symbol(), () => undefined, () => '\ud800', eval, Function, Reflect.apply, Vault.ring, Vault.bell(), Array, Date, Promise, () => Vault.ring(() => { throw 1; }, 1)];
  const said = odd.map((bell) => { try { return Vault.ring(bell, 1); } catch (error) { seen.push(error); return error?.name ?? 'threw'; } });
  const gained = $all(seen.filter((value) => value !== globalThis && (typeof value === 'object' && value !== null || typeof value === 'function' && value !== thrower)), 'odd');
  if (gained !== 'held') return gained;
  return said[0] === 'y1' && said[1] === 'a' && said[2] === 'b' && said[9] === 'z' && said[3] !== '' && told.join() === 'apply' ? 'held' : `ESCAPED: ${said} ${told.map(String)}`;
};
