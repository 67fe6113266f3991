// The host calls back with a struct, a list and bytes of its own; each has a constructor, and so has `arguments`.
let seen = 'never called';
export function receive(order, names, data) {
  seen = $all([order, order.lines, order.lines[0], names, data, data.buffer, arguments, this], 'argument');
  return seen;
}
export const attack = () => Tool.deliver();
