// Every method of Array.prototype is a spy: none may be used between a guest and its host.
const seen = [];
export const attack = () => {
  const kept = Object.getOwnPropertyDescriptors(Array.prototype);
  for (const name of ['push', 'pop', 'map', 'forEach', 'slice', 'splice', 'concat', 'join', 'every', 'some', 'reduce', 'filter', 'includes', 'indexOf', 'shift', 'unshift', 'flat', 'entries', 'values', 'keys']) Array.prototype[name] = function (...args) { seen[seen.length] = [name, this]; return Reflect.apply(kept[name].value, this, args); };
  Vault.guess(4711, 'pin'); Vault.sum([1, 2]); Tool.make(); Tool.order({ lines: [{}] }); Tool.deliver(); $thrown(() => Tool.refuse());
  Object.defineProperties(Array.prototype, kept);
  return seen.length > 0 ? `ESCAPED: ${seen[0][0]} saw ${seen[0][1]}` : 'held';
};
