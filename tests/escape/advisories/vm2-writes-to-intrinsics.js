// Writes to prototypes that are reached from objects of the host change the intrinsics of the host.
// says: held my own
export const attack = () => {
  const roots = [Tool.order({}), Tool.make(), Tool.bytes(new Uint8Array(1)), Tool.echo, $thrown(() => Tool.refuse())].map((value) => Object.getPrototypeOf(value));
  const mine = [Object.prototype, Array.prototype, Uint8Array.prototype, Function.prototype, Error.prototype];
  const own = roots.every((root) => mine.includes(root) || root instanceof Error);
  for (const root of roots) $name(() => Object.defineProperty(root, 'polluted', { value: 'by a guest', configurable: true, enumerable: true }));
  const said = `${Tool.echo('a')} ${JSON.stringify(Tool.any({ a: 1 }))}`;
  for (const root of roots) delete root.polluted;
  return own && said === 'a {"a":1}' ? `${$all(roots, 'prototype')} my own` : `ESCAPED: an intrinsic of another realm: ${said} ${$all(roots, 'prototype')}`;
};
