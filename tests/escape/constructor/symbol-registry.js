// Symbols of the registry are shared by all realms of an isolate; deno_core hangs things on some of them.
export const attack = () => {
  const keys = ['Deno.internal', 'Deno.customInspect', 'Deno.privateCustomInspect', 'deno_core.internal', 'nodejs.util.inspect.custom'].map(Symbol.for);
  const objects = [globalThis, Object.prototype, Function.prototype, Error.prototype, Tool, Tool.echo, Promise.prototype];
  for (const object of objects) for (const key of keys) if (object[key] !== undefined) return `ESCAPED: ${String(key)} ${$use(object[key], 'symbol')}`;
  return 'held';
};
