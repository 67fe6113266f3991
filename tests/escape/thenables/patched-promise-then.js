// `Promise.prototype.then` and `catch` are replaced: the host must not go through them.
// quickjs: skip — the layer over the engine chains promises by the `then` of the realm
const seen = [];
const { then } = Promise.prototype;
Promise.prototype.then = function (...args) { seen.push(this, ...args); return then.apply(this, args); };
Promise.prototype.catch = Promise.prototype.finally = function (...args) { seen.push(this, ...args); return this; };
await null;
import('x');
export const attack = () => (seen.length > 0 ? `ESCAPED: the host chains by the guest's then ${$all(seen, 'then')}` : 'held');
