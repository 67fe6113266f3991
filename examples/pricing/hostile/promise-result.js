// Promises a charge in place of one.
export async function price(usage) {
  const amount = await usage.quantity;
  return { amount, currency: "USD", lines: [] };
}
