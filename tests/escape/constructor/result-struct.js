// A struct that the host made, its list, and what is in it.
export const attack = () => {
  const order = Tool.order({ id: 1, lines: [{ sku: 'a', amount: 2 }], total: 1 });
  return $all([order, order.lines, order.lines[0], order.toString, order.lines.keys()], 'struct');
};
