// Methods that the application exports are kept in an object that the guest can reach and write to.
// says: held echo frozen
export const attack = () => {
  const contracts = [Tool, Vault, Slow];
  const writes = contracts.flatMap((contract) => [() => { contract.alert = () => 1; }, () => { delete contract[Reflect.ownKeys(contract)[0]]; }, () => Object.setPrototypeOf(contract, { alert: 1 }), () => Object.defineProperty(contract, Reflect.ownKeys(contract)[0], { value: 1 })]);
  for (const write of writes) $name(write);
  const names = ['application', 'remote', 'alert', 'self', 'window', 'parent', 'top', 'postMessage'].filter((name) => name in globalThis);
  const frozen = contracts.every((contract) => Object.isFrozen(contract) && contract.alert === undefined);
  return frozen && names.length === 0 ? `${$all(contracts, 'contract')} ${Tool.echo('echo')} frozen` : `ESCAPED: an exported method can be replaced ${names}`;
};
