// Returns the amount as text.
export function price(usage) {
  const amount = (usage.quantity * 0.01).toFixed(2);
  return { amount, currency: "USD", lines: [] };
}
