// The handler of a thrown Proxy asks for its prototype: the trap raises an error inside of the handler, at the end of the stack.
// says: held RangeError TypeError
const deep = () => { try { return deep(); } catch (error) { kept.push(error); throw error; } };
const kept = [];
const traps = { getPrototypeOf() { deep(); }, get() { kept.push($thrown(() => Tool.echo(5))); return deep(); }, ownKeys() { return deep(); } };
export const again = () => { throw new Proxy(new Error('e'), traps); };
export const attack = () => {
  const seen = [$thrown(() => { throw new Proxy({}, traps); }) && 'a proxy', $thrown(() => Tool.again(1)), $thrown(deep), $thrown(() => Tool.echo(5)), kept[0]];
  return `${$all(seen, 'error')} ${$name(deep)} ${$name(() => Tool.echo(5))}`;
};
