// Functions inside of an expression are given to the constructor of functions as text.
// says: held EvalError ReferenceError
export const attack = () => {
  const inner = (function () { return (() => { try { return process.pid; } catch (error) { return error; } })(); })();
  const text = String(function () { return globalThis; });
  const name = $name(() => Tool.echo.constructor(`return (${text})()`)());
  return `${$code(Tool.echo.constructor, 'function') || $all([inner], 'inner')} ${name} ${inner.name}`;
};
