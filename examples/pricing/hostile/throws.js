// Prices a few records, then gives up.
let calls = 0;

export function price(usage) {
  calls += 1;
  if (calls > 3) {
    throw new Error(`no contract with ${usage.customer}`);
  }
  return { amount: 1, currency: "USD", lines: [{ label: "Flat", amount: 1 }] };
}
