// Mistral Mail: sent messages in packages. A begun package counts in full.
"use strict";

const PACKAGES = [
  { size: 100000, fee: 54 },
  { size: 10000, fee: 7.5 },
  { size: 1000, fee: 0.95 },
];

exports.price = function price(usage) {
  let rest = usage.quantity;
  const lines = [];
  for (const [index, pack] of PACKAGES.entries()) {
    const smallest = index === PACKAGES.length - 1;
    const count = smallest ? Math.ceil(rest / pack.size) : Math.floor(rest / pack.size);
    if (count === 0) continue;
    rest -= count * pack.size;
    lines.push({ label: `${count} × ${pack.size} messages`, amount: count * pack.fee });
  }
  const sum = lines.reduce((total, line) => total + line.amount, 0);
  return { amount: Math.round(sum * 100) / 100, currency: "EUR", lines };
};
