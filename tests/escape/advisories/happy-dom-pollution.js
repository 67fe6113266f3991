// No code is made from text: a getter on `Object.prototype` takes over what the application looks up by name.
// says: held 0 takes
const taken = [];
export const attack = () => {
  const names = ['process', 'require', 'mainModule', 'env', 'shell', 'execArgv', 'id', 'note', 'lines', 'total', 'sku', 'amount', 'name', 'message', 'cause', 'sandbox', 'limits'];
  const free = names.filter((name) => !Object.hasOwn(Object.prototype, name));
  for (const name of free) Object.defineProperty(Object.prototype, name, { configurable: true, get() { taken.push(this); return 'ESCAPED: polluted'; } });
  let said;
  try { said = JSON.stringify([Tool.order({}), Tool.any({}), Tool.echo('a')]) + [$thrown(() => Tool.refuse())].map((error) => Object.hasOwn(error, 'message')); } finally { for (const name of free) delete Object.prototype[name]; }
  return taken.length > 0 ? `ESCAPED: ${taken.length} takes: ${said}` : `${said.includes('ESCAPED') ? said : 'held'} ${taken.length} takes`;
};
