// Prices every record well and hangs when the month is closed.
export function price(usage) {
  const amount = Math.round(usage.quantity) / 100;
  return { amount, currency: "USD", lines: [{ label: usage.metric, amount }] };
}

export function monthlyMinimum() {
  do {} while (true);
}
