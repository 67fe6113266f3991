// `let`, `const` and `class` of other scripts of the realm are seen, for they are no properties of the global object.
// says: held none
const looks = { core: () => core, primordials: () => primordials, internals: () => internals, __bootstrap: () => __bootstrap, Deno: () => Deno, ops: () => ops, checked0: () => checked0, host: () => host, exports: () => exports, module: () => module, require: () => require, arguments: () => arguments, context: () => context, call: () => call, freeze: () => freeze };
export const attack = () => {
  const found = Object.keys(looks).filter((name) => { try { return looks[name]() !== undefined; } catch (error) { return error.name !== 'ReferenceError'; } });
  return found.length > 0 ? `ESCAPED: names of other scripts: ${found} ${$all(found.map((name) => looks[name]()), 'name')}` : 'held none';
};
