// With the op itself in hand, a guest would call it with arguments that the shim never checked.
let op;
const { apply } = Function.prototype;
export const attack = () => {
  Function.prototype.apply = function (self, list) { op ??= this; return Reflect.apply(this, self, list); };
  Vault.guess(1, 'a');
  Function.prototype.apply = apply;
  if (!op) return 'held';
  return `ESCAPED: the op answers ${op(1, 'direct')}`;
};
