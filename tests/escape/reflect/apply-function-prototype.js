// Function.prototype.call and apply are replaced; a shim that uses them gives its op and arguments away.
const seen = [];
const { call, apply } = Function.prototype;
export const attack = () => {
  Function.prototype.apply = function (...args) { seen.push(this, args); return Reflect.apply(this, args[0], args[1] ?? []); };
  Function.prototype.call = function (self, ...args) { seen.push(this, args); return Reflect.apply(this, self, args); };
  Vault.guess(4711, 'pin'); Tool.echo('a'); $thrown(() => Tool.refuse());
  Object.assign(Function.prototype, { call, apply });
  if (seen.length > 0) return `ESCAPED: got the op ${String(seen[0])} with ${seen[1]}`;
  return 'held';
};
