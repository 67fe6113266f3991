// Gives the host objects that look like a handle.
export const attack = () => {
  const drawer = Vault.open('a'), proto = $proto(drawer);
  const forged = [
    {}, { ...drawer }, Object.create(drawer), Object.create(proto), new Proxy(drawer, {}), new Proxy({}, { getPrototypeOf: () => proto, has: () => true, get: (_, key) => drawer[key] }),
    Object.setPrototypeOf({ read: drawer.read, take: drawer.take }, proto), Object.assign(Object.create(proto), { number: 1 }), Object.freeze(Object.create(proto)),
    class extends Object { #number = 1; }, new (class { #number = 1; })(), [drawer], proto, drawer.read, 1, 1n, null, undefined, Symbol(), '1', Tool, Vault,
  ];
  const taken = forged.filter((value) => $name(() => Vault.owns(value)) !== 'TypeError');
  return taken.length === 0 && Vault.owns(drawer) ? 'held' : `ESCAPED: ${taken.length} forged handles were taken`;
};
