// While a host's result resolves its promise, `then` is looked up, and a getter of the guest calls the host again.
const seen = [];
export const attack = async () => {
  let depth = 0;
  Object.defineProperty(Object.prototype, 'then', { configurable: true, get() { seen.push(this); if (depth++ < 50) seen.push(Slow.any({ depth })); return undefined; } });
  await Slow.any({ a: 1 });
  await Slow.order({ id: 1 });
  delete Object.prototype.then;
  return $all(seen, 'getter');
};
