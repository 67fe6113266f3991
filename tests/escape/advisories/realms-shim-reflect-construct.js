// `Reflect.construct` calls the sandbox's `Function` with a constructor whose prototype is of another realm.
// says: held EvalError
export const attack = () => {
  const targets = [Function, Tool.echo.constructor, (async () => {}).constructor, (function* () {}).constructor];
  const names = [];
  for (const target of targets) for (const other of [Object, class {}, Tool.echo.constructor, Tool.echo]) {
    try { const made = Reflect.construct(target, ['return globalThis'], other); return `ESCAPED: ${$use(made, 'made')} ${typeof made}`; } catch (error) { names.push(error.name); const gained = $use(error, 'error'); if (gained) return gained; }
  }
  return `held ${names[0]}`;
};
