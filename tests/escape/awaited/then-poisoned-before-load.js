// `Promise.prototype.then` is replaced before any call; whatever the host settles must not go through it.
const seen = [], { apply } = Reflect, { then } = Promise.prototype;
Promise.prototype.then = function (...args) { seen.push(this, ...args); return apply(then, this, args); };
export const attack = async () => { await Slow.any({ a: 1 }); try { await Slow.fail('a'); } catch (error) { seen.push(error); } return $all(seen, 'then'); };
