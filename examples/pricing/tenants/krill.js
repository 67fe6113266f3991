// Krill Courier: an invoice grows line by line out of a generator.
const BASE = new Map(Object.entries({ bike: 3.2, van: 7.9, night: 14.5 }));
const ZONES = new Map([["centre", 1], ["suburb", 1.25], ["country", 1.8]]);
const COUPONS = new Map([["KRILL5", 5], ["KRILL15", 15]]);

const isWeekend = (day) => (day - 1) % 7 >= 5;

function* items({ metric, quantity, region, day, coupon }) {
  const base = quantity * BASE.get(metric) * ZONES.get(region);
  yield ["Delivery", base];
  if (isWeekend(day)) yield ["Weekend", base * 0.2];
  if (quantity >= 20) yield ["Bulk discount", -base * 0.08];
  if (COUPONS.has(coupon)) yield [`Coupon ${coupon}`, (-base * COUPONS.get(coupon)) / 100];
}

export function price(usage) {
  const lines = Array.from(items(usage), ([label, amount]) => ({
    label,
    amount: Math.round(amount * 100) / 100,
  }));
  const hundredths = lines.map(({ amount }) => Math.round(amount * 100));
  const amount = hundredths.reduce((a, b) => a + b, 0) / 100;
  return { amount, currency: "EUR", lines };
}

export const monthlyMinimum = () => 15;
