// Exports a name that the contract does not have, and not the one it has.
export function calculatePrice(usage) {
  return { amount: usage.quantity, currency: "USD", lines: [] };
}
