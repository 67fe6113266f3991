// Fields that are absent are taken from Object.prototype by a host that reads with `in`.
export const attack = () => {
  Object.assign(Object.prototype, { id: 4711, total: 13, note: 'planted', sku: 'planted', amount: 7 });
  try { const order = Tool.order({ lines: [{}] }); return order.lines[0].amount === 7 && Object.hasOwn(order.lines[0], 'amount') || Object.hasOwn(order, 'id') && order.id === 4711 ? 'ESCAPED: inherited data crossed' : 'held'; } finally { for (const key of ['id', 'total', 'note', 'sku', 'amount']) delete Object.prototype[key]; }
};
