// `Array.isArray` follows Proxies of Proxies, without an end and without a look at the stack.
// says: held going on
export const attack = () => {
  let deep = [];
  for (let i = 0; i < 20000; i++) deep = new Proxy(deep, {});
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  [() => Array.isArray(deep), () => Tool.any(deep), () => Tool.order({ lines: deep }), () => JSON.stringify(deep), () => [].concat(deep), () => Array.isArray(proxy), () => Tool.any(proxy)].forEach($name);
  return Tool.echo('a') === 'a' ? `${$use(Tool, 'contract') || 'held'} going on` : 'ESCAPED: the contract answers something else';
};
