// Sends the regular expression engine into exponential backtracking.
export function price(usage) {
  const valid = /^(a+)+$/.test("a".repeat(64) + "!");
  return { amount: valid ? 0 : usage.quantity, currency: "USD", lines: [] };
}
