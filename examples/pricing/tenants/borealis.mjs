// Borealis Backup: stored gigabytes with a volume discount. The whole volume of
// the day is billed at the price of the band it reaches.
const BANDS = [
  [10_000, 0.0125],
  [2_000, 0.016],
  [500, 0.019],
  [0, 0.023],
];

export const price = ({ quantity, metric, daysInMonth }) => {
  if (metric === "restore-gb") {
    const amount = round(quantity * 0.01);
    return { amount, currency: "EUR", lines: [{ label: "Restore", amount }] };
  }
  const [, perMonth] = BANDS.find(([from]) => quantity >= from);
  const amount = round((quantity * perMonth) / daysInMonth);
  return {
    amount,
    currency: "EUR",
    lines: [{ label: `Storage at ${perMonth} per GB and month`, amount }],
  };
};

function round(amount) {
  return Number(amount.toFixed(2));
}
