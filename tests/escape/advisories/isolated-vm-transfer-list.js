// A getter gives one value when the boundary checks it, and another when the boundary uses it.
// says: held 7 a 3 reads
let reads = 0;
const changing = (target, key, first, then) => {
  let asked = 0;
  return Object.defineProperty(target, key, { enumerable: true, get: () => { reads++; return asked++ === 0 ? first : then; } });
};
export const attack = () => {
  const order = Tool.order(changing({ lines: [changing({}, 'sku', 'a', Symbol('s'))] }, 'id', 7, new ArrayBuffer(8)));
  const list = Tool.any(changing([1, 2], '0', 'b', () => 1));
  const kept = order.id === 7 && order.lines[0].sku === 'a' && list[0] === 'b';
  return kept ? `${$all([order, list], 'value')} ${order.id} ${order.lines[0].sku} ${reads} reads` : `ESCAPED: the second value was used: ${JSON.stringify([order, list])}`;
};
