// A constructor that was made for the sandbox is called on shared objects, and writes what the guest gives into them.
// says: held as before
export const attack = () => {
  const makers = [globalThis.constructor, Object.getPrototypeOf(globalThis)?.constructor, Tool.constructor, Tool.echo.constructor];
  for (const make of makers) for (const target of [Math, JSON, Tool, Vault, Object.prototype]) [() => make.call(target, { random: () => 1, polluted: 1, echo: () => 'mine' }), () => Reflect.construct(make, [{ polluted: 1 }], target), () => Object.assign(target, { polluted: 1 })].forEach($name);
  const written = [Tool, Vault].some((contract) => Object.hasOwn(contract, 'polluted'));
  for (const target of [Math, JSON, Object.prototype]) delete target.polluted;
  return written || Tool.echo('a') !== 'a' ? 'ESCAPED: the contract was written to' : `${$all(makers, 'maker')} as before`;
};
