// `__lookupGetter__`, applied by an `apply` that came from the host, gives the host's getter of prototypes.
// says: held my prototypes
export const attack = () => {
  const { apply, call } = Tool.echo, lookup = {}.__lookupGetter__;
  const getter = Reflect.apply(apply, lookup, [Tool.echo, ['__proto__']]) ?? {}.__lookupGetter__('__proto__');
  const found = [apply, call, getter, call.call(getter, apply), call.call(getter, call.call(getter, apply)), call.call(getter, Tool), call.call(getter, Tool.order({}))];
  const mine = call.call(getter, Tool.echo) === Function.prototype && call.call(getter, Tool.order({})) === Object.prototype;
  return `${$all(found, 'prototype')} ${mine ? 'my prototypes' : 'ESCAPED: prototypes of another realm'}`;
};
