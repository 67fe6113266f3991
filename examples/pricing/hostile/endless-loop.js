// Never comes back from a call.
export function price(usage) {
  let amount = 0;
  while (true) {
    amount += usage.quantity;
  }
}
