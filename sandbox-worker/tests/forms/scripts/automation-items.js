// A step of a workflow: all items at once. `items` is given, and the items are returned.
const totals = {};

for (const item of items) {
  const { customer, amount } = item.json;
  totals[customer] = (totals[customer] || 0) + amount;
}

if (Object.keys(totals).length === 0) return [];

return Object.entries(totals)
  .sort(([, a], [, b]) => b - a)
  .map(([customer, total]) => ({ json: { customer, total, vip: total >= 1000 } }));
