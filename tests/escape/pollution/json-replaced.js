// JSON itself is replaced, and so are the functions that a serializer would use.
const seen = [];
export const attack = () => {
  globalThis.JSON = { parse: (text) => { seen.push(text); }, stringify: (value) => { seen.push(value); return '{}'; } };
  for (const name of ['keys', 'entries', 'assign', 'getOwnPropertyNames', 'getPrototypeOf', 'defineProperty', 'freeze', 'create', 'fromEntries']) Object[name] = (...args) => { seen.push(args); return {}; };
  Tool.any({ a: 1 }); Tool.order({ id: 1 }); Vault.guess(1, 'a'); $thrown(() => Tool.fail('a'));
  return seen.length > 0 ? 'ESCAPED: the host uses functions of the guest' : 'held';
};
