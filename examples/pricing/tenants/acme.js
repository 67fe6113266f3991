// Acme Telemetry: API calls in graduated tiers. A tier's price holds for the
// calls that fall into it, counted per customer from the start of the month.
const TIERS = [
  { upTo: 50_000, perThousand: 0 },
  { upTo: 250_000, perThousand: 0.4 },
  { upTo: 1_000_000, perThousand: 0.28 },
  { upTo: Infinity, perThousand: 0.15 },
];

const callsSoFar = new Map();

const cents = (amount) => Math.round(amount * 100) / 100;

export function price(usage) {
  const start = callsSoFar.get(usage.customer) ?? 0;
  const end = start + usage.quantity;
  callsSoFar.set(usage.customer, end);

  const lines = [];
  let floor = 0;
  for (const { upTo, perThousand } of TIERS) {
    const calls = Math.min(end, upTo) - Math.max(start, floor);
    if (calls > 0) {
      lines.push({
        label: `${calls} calls at ${perThousand} per 1000`,
        amount: cents((calls / 1000) * perThousand),
      });
    }
    floor = upTo;
  }
  const amount = cents(lines.reduce((sum, line) => sum + line.amount, 0));
  return { amount, currency: "USD", lines };
}

export function monthlyMinimum() {
  return 49;
}
