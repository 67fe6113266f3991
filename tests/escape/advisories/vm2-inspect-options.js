// The host shows a value of the guest, and hands the options and the function that show it to a method of the value.
// says: held 0 calls
const calls = [];
const names = ['nodejs.util.inspect.custom', 'nodejs.util.promisify.custom', 'Deno.customInspect', 'Deno.privateCustomInspect', 'inspect'];
const spy = (...list) => { calls.push(...list); return 'shown'; };
const shown = (base) => { for (const name of names) Object.defineProperty(base, Symbol.for(name), { value: spy }); return Object.defineProperty(base, 'inspect', { value: spy }); };
export const again = () => { throw shown(new Error('e')); };
export const attack = () => {
  [() => Tool.any(shown({ a: 1 })), () => Tool.any(shown([1])), () => Tool.order(shown({ id: 'x' })), () => Tool.echo(shown({})), () => Tool.again(1)].forEach($name);
  return `${$all(calls, 'option')} ${calls.length} calls`;
};
