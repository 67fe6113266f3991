// The head of a stack is the error's name, here a getter that asks for another stack.
// quickjs: skip — the engine overflows its stack and crashes
export const attack = () => {
  let depth = 0, deepest = 0;
  Object.defineProperty(Error.prototype, 'name', { get() { deepest = Math.max(deepest, ++depth); const text = new Error('inner').stack; depth--; return text; } });
  const error = $thrown(() => String(new Error('outer').stack));
  return error ? $use(error, 'error') || error.name : `held ${deepest > 0}`;
};
