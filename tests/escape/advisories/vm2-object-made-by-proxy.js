// Objects that the language itself makes for a trap (lists of arguments, descriptors) are of the host's realm.
// says: held x
const seen = [];
const spy = new Proxy({}, { get: (_, trap) => (...list) => { seen.push(list, ...list); return Reflect[trap](...list); } });
export const receive = new Proxy(() => 'x', spy);
export const attack = () => {
  const said = Tool.deliver();
  Tool.deliver.call(new Proxy({}, spy));
  Object.defineProperty(new Proxy({}, spy), 'a', { value: Tool.order({}) });
  Reflect.getOwnPropertyDescriptor(new Proxy(Tool, spy), 'echo');
  const own = seen.every((value) => Object(value) !== value || value instanceof Object || Object.getPrototypeOf(value) === null);
  return `${own ? $all(seen, 'trap') : 'ESCAPED: an object of another realm'} ${said}`;
};
