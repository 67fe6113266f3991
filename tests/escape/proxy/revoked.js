// A revoked Proxy throws a TypeError of the engine whatever is asked of it, also whether it is an array.
export const attack = () => {
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  return $all([() => Tool.order(proxy), () => Vault.sum(proxy), () => Tool.any([proxy]), () => Tool.bytes(proxy), () => Tool.echo(proxy)].map($thrown), 'error');
};
