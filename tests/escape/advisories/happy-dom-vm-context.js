// A script of a page leaves its context of Node's `vm` by the constructors of what it was given.
// says: held EvalError ReferenceError
export const attack = () => {
  const given = [Tool, Tool.echo, Tool.order({}), Tool.bytes(new Uint8Array(1)), Tool.make(), $thrown(() => Tool.refuse())];
  const globals = ['document', 'window', 'process', 'require', 'module', 'global', 'Buffer', 'fetch', 'setTimeout', 'Worker', 'XMLHttpRequest'].filter((name) => typeof globalThis[name] !== 'undefined');
  if (globals.length > 0) return `ESCAPED: globals of a host: ${globals}`;
  return `${$all(given, 'given')} ${$name(() => Tool.order({}).constructor.constructor('return process')())} ${$name(() => require('fs'))}`;
};
