// `using` calls `Symbol.dispose` of what it is given: planted on Object.prototype, it sees host values as `this`.
const seen = [];
export const attack = () => {
  Object.prototype[Symbol.dispose] = Array.prototype[Symbol.dispose] = function () { seen.push(this); };
  { using a = Tool.make(); using b = Tool.order({}); }
  const count = seen.length;
  Tool.make(); Tool.deliver();
  delete Object.prototype[Symbol.dispose]; delete Array.prototype[Symbol.dispose];
  return seen.length > count ? 'ESCAPED: the host disposes by the guest' : $all(seen, 'disposed');
};
