// Intrinsics that the classes could look up are changed before the first signal is made.
const seen = [];
const fail = function (...args) { seen.push(this, ...args); throw new Error('looked up'); };
const names = ['next', 'listener', 'source', 'follower', 'constructor', 'handleEvent'];
for (const name of names) {
  Object.defineProperty(Object.prototype, name, { configurable: true, get: fail, set: fail });
}
Function.prototype.call = Function.prototype.apply = Function.prototype.bind = fail;
Reflect.apply = Reflect.construct = Array.prototype[Symbol.iterator] = fail;
export const attack = async () => {
  const controller = new AbortController();
  let told = 0;
  controller.signal.onabort = () => { told += 1; };
  controller.signal.addEventListener('abort', () => { told += 1; });
  const call = Slow.never(controller.signal);
  controller.abort();
  let name;
  try { await call; } catch (error) { ({ name } = error); }
  for (let at = 0; at < names.length; at++) delete Object.prototype[names[at]];
  if (seen.length > 0) return `ESCAPED: an intrinsic was looked up: ${seen.length}`;
  return told === 2 && name === 'AbortError' ? 'as ever' : `ESCAPED: ${told} ${name}`;
};
