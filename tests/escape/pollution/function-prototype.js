// Function.prototype gets a `then`, a `get` and an `apply` trap, and loses its own methods.
export const attack = () => {
  for (const name of ['apply', 'call', 'bind', 'toString']) delete Function.prototype[name];
  Object.setPrototypeOf(Function.prototype, null);
  Tool.add(1, 2); Vault.sum([1]); $thrown(() => Tool.refuse());
  const says = `${Tool.echo('held')}`;
  Object.setPrototypeOf(Function.prototype, Object.prototype);
  return says;
};
