// Changes all that the functions of a guest's items could look up, and uses what these changes are given.
export const attack = () => {
  let got = null, busy = false, count = 0;
  const keep = function (...args) { if (!busy && ++count < 1000) { busy = true; got = { __proto__: null, one: this, args, got }; busy = false; } };
  const { defineProperty } = Object, before = [];
  const change = (object, name, found) => {
    const own = $own(object, name);
    before[before.length] = { __proto__: null, object, name, own };
    defineProperty(object, name, { __proto__: null, configurable: true, ...found });
  };
  const numbers = { __proto__: null, [Symbol.iterator]: () => { let n = 0; return { __proto__: null, next: () => ({ __proto__: null, value: `${n++}`, done: n > 20 }) }; } };
  for (const [object, name] of [[Reflect, 'apply'], [Object, 'setPrototypeOf'], [Function.prototype, 'call'], [Function.prototype, 'apply']]) change(object, name, { value: keep });
  for (const object of [Array.prototype, Object.prototype]) for (const name of ['3', '2', '1', 'then', 'next', 'return', 'done']) if (!$own(object, name)) change(object, name, { get: keep, set: keep });
  let said;
  try { said = Vault.count(numbers); } finally { for (let at = before.length - 1; at >= 0; at--) { const { object, name, own } = before[at]; own ? defineProperty(object, name, own) : delete object[name]; } }
  if (said !== 20) return `ESCAPED: ${said} values of 20`;
  for (; got; got = got.got) {
    if (Array.isArray(got.one) && $proto(got.one) === null) return 'ESCAPED: the list of a batch';
    const gained = $use(got.one, 'this') || $all(got.args, 'arguments');
    if (gained !== 'held') return gained;
  }
  return 'held';
};
