// The host makes a RangeError; a guest that replaced the class or its prototype must not get into the making.
// quickjs: skip — the layer over the engine runs out of memory when the classes of errors are replaced
const seen = [];
export const attack = () => {
  const hook = function (...args) { seen.push(this, ...args); return {}; };
  globalThis.RangeError = hook; globalThis.Error = hook; globalThis.TypeError = hook;
  const errors = [$thrown(() => Tool.fail('a')), $thrown(() => Tool.echo(5)), $thrown(() => Tool.refuse())];
  return seen.length > 0 ? `ESCAPED: the host called a class of the guest ${$all(seen, 'seen')}` : $all(errors, 'error');
};
