// A child of an object of the host writes to what it inherits, and so does `Reflect.set` with another receiver.
// says: held TypeError the contract is as it was
export const attack = () => {
  const child = Object.create(Tool), before = Reflect.ownKeys(Tool).join();
  const name = $name(() => { child.echo = () => 'mine'; });
  [() => { child.added = 1; }, () => Reflect.set(Tool, 'added', 1, child), () => Reflect.set(child, 'echo', () => 'mine', Tool), () => Reflect.set(Tool.order({}), 'id', 2, Tool), () => Object.defineProperty(Tool, 'added', { value: 1 })].forEach($name);
  const same = before === Reflect.ownKeys(Tool).join() && Tool.added === undefined && Tool.echo('a') === 'a';
  return same ? `${$use(Tool, 'contract') || 'held'} ${name} the contract is as it was` : 'ESCAPED: the contract was written to';
};
