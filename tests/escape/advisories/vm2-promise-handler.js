// A patched `then` and a thenable receive what the host rejects with, before any check.
// attack: awaited
// says: held RangeError
export const attack = async () => {
  const seen = [], { then } = Promise.prototype;
  Promise.prototype.then = function (...handlers) {
    seen.push(this);
    return Reflect.apply(then, this, handlers.map((handler) => (value) => { seen.push(value); return handler(value); }));
  };
  try { await { then: (resolve, reject) => Slow.fail('sku').then(resolve, reject) }; } catch (error) { seen.push(error); }
  Promise.prototype.then = then;
  return `${$all(seen, 'promise')} ${seen.at(-1).name}`;
};
