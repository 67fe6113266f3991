// `this.constructor.constructor` of a context of Node's `vm` is the function of functions of the host.
// says: held undefined EvalError
export const attack = function () {
  const starts = [this, [], 'text', 1n, Symbol.iterator, /a/, Tool, Tool.echo];
  return `${$all(starts, 'start')} ${typeof this} ${$name(() => globalThis.constructor.constructor('return process')().exit())}`;
};
