// The host reads the stack of an exception whose property, and whose prototypes, are traps.
// expect: guest
// quickjs: skip — the stack is the text of `error.stack`, which is read within the limits
export const attack = () => {
  globalThis.read = 0;
  const trap = { get() { read++; for (;;); }, configurable: true };
  const error = new Error('trapped');
  Object.defineProperty(error, 'stack', trap);
  error.cause = new Error('without');
  delete error.cause.stack;
  Object.defineProperty(Error.prototype, 'stack', trap);
  throw error;
};
export const later = () => (globalThis.read ? 'ESCAPED: a getter of a stack was called' : 'held');
