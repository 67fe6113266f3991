// Lumen Energie: kilowatt-hours by day of the week, rounded to five Rappen.
const HIGH = 0.2715;
const LOW = 0.2085;
const GRID = 0.1022;
const FEED_IN = 0.1195;

const toFiveRappen = (francs) => Math.round(francs * 20) / 20;

export function price(usage) {
  const lines = usage.metric === "kwh-fed-in" ? feedIn(usage) : consumption(usage);
  const exact = lines.reduce((sum, { amount }) => sum + amount, 0);
  const amount = toFiveRappen(exact);
  lines.push({ label: "Rounding", amount: amount - exact });
  return { amount, currency: "CHF", lines };
}

function feedIn({ quantity }) {
  return [{ label: "Feed-in", amount: -quantity * FEED_IN }];
}

function consumption({ quantity, day }) {
  const sunday = day % 7 === 0;
  return [
    { label: sunday ? "Low tariff" : "High tariff", amount: quantity * (sunday ? LOW : HIGH) },
    { label: "Grid", amount: quantity * GRID },
  ];
}

export function monthlyMinimum() {
  return 12.5;
}
