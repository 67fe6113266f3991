// An expression takes the constructor of `this`, and with it the process of the host.
// file: cjs
// says: held EvalError ReferenceError undefined
module.exports = {
  attack() {
    const gained = $code(this.constructor.constructor, 'this') || $code((function () { return this; })().constructor.constructor, 'global') || $code(`${'constr'}uctor`.constructor.constructor, 'template');
    if (gained) return gained;
    return `held ${$name(() => this.constructor.constructor('return process')())} ${$name(() => process)} ${typeof globalThis.process}`;
  },
};
