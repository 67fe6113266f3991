// Calls itself until the stack ends.
const sum = (n) => n + sum(n + 1);

export function price(usage) {
  return { amount: sum(usage.quantity), currency: "USD", lines: [] };
}
