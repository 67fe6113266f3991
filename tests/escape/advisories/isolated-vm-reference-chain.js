// A handle to something of the host gives its whole chain of prototypes, and so the host's function of functions.
// says: held EvalError EvalError EvalError
export const attack = () => {
  const handles = [Tool, Vault, Slow, Tool.echo, Slow.echo, Slow.echo('x')];
  const makers = [Tool.echo.constructor, Slow.echo.constructor, Object.getPrototypeOf(Slow.echo).constructor];
  for (const make of makers) { const gained = $code(make, 'constructor'); if (gained) return gained; }
  return `${$all(handles, 'handle')} ${makers.map((make) => $name(() => make('return this')())).join(' ')}`;
};
