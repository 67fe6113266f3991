// Traps around a host method: construct, apply with odd lists, and a receiver of the guest's choice.
export const attack = () => {
  const wrapped = new Proxy(Tool.add, { apply: (target, self, list) => Reflect.apply(target, Tool, list.map(Number)), construct: (target) => Reflect.construct(target, []) });
  return `${wrapped('1', '2')} ${$use($thrown(() => new wrapped()), 'construct') || 'held'}`;
};
