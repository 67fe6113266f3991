// A check of a number through Math, Number.isInteger or isNaN would believe the guest.
export const attack = () => {
  for (const target of [Math, Number, globalThis]) for (const name of Object.getOwnPropertyNames(target)) if (typeof target[name] === 'function' && /^(is|floor|trunc|fround|parse)/.test(name)) target[name] = () => true;
  const results = [() => Tool.flag(true, 1.5), () => Tool.flag(true, -1), () => Tool.flag(true, 256), () => Tool.flag(true, NaN), () => Tool.flag(1, 1)].map($thrown);
  return results.includes(undefined) ? 'ESCAPED: a check was fooled' : 'held';
};
