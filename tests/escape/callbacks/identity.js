// Makes the host take one function for another: Proxies, bound functions, and functions that look like the host's.
// intrinsics: both
export const attack = () => {
  const bell = Vault.bell(), other = Vault.bell();
  if (!Vault.isSame(bell, bell) || Vault.isSame(bell, other)) return 'ESCAPED: the host takes one for the other';
  for (const forged of [{}, Object.create(bell), { call: bell }, [bell], Vault, null, 1, 'bell', Symbol(), new Proxy({}, { apply: bell }), Object.setPrototypeOf({}, Function.prototype)]) {
    if ($name(() => Vault.isSame(bell, forged)) !== 'TypeError') return 'ESCAPED: an object was taken for a function';
  }
  const own = (at) => `own ${at}`, proxy = new Proxy(bell, {}), made = [proxy, bell.bind(), (at) => bell(at), class { static #n = 1; }, Object.setPrototypeOf((at) => bell(at), bell), own, new Proxy(own, {}), own.bind()];
  for (const one of made) {
    if (!Vault.isSame(one, one)) return 'ESCAPED: a function is not itself';
    if (Vault.isSame(one, bell)) return 'ESCAPED: a function of the guest was taken for one of the host';
    for (const two of made) if (one !== two && Vault.isSame(one, two)) return 'ESCAPED: two functions are one';
  }
  return Vault.ring(proxy, 2) === 'rung 0rung 1' && Vault.ring(own, 1) === 'own 0' ? $use($thrown(() => Vault.ring(class {}, 1)), 'class') || 'held' : 'ESCAPED: another function was called';
};
