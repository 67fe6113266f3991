// Ember Builds: each plan comes with build minutes. They are used up first, for
// each customer and kind of machine; only what goes beyond them is charged.
const INCLUDED = new Map([
  ["free", 400],
  ["pro", 2500],
  ["scale", 9000],
]);
const PER_MINUTE = { "linux-minutes": 0.008, "mac-minutes": 0.062 };
// A minute on a Mac takes as much of the allowance as eight on Linux.
const WEIGHT = { "linux-minutes": 1, "mac-minutes": 8 };

const left = new Map();

export function price({ customer, plan, metric, quantity }) {
  const allowance = left.has(customer) ? left.get(customer) : INCLUDED.get(plan);
  const free = Math.min(quantity, Math.floor(allowance / WEIGHT[metric]));
  left.set(customer, allowance - free * WEIGHT[metric]);

  const charged = quantity - free;
  const amount = Math.round(charged * PER_MINUTE[metric] * 100) / 100;
  const lines = [];
  if (free > 0) lines.push({ label: `${free} minutes included`, amount: 0 });
  if (charged > 0) lines.push({ label: `${charged} minutes`, amount });
  return { amount, currency: "USD", lines };
}
