// Returns at once. The trap is shut when the host reads the result.
export function price() {
  return {
    get amount() {
      for (;;) {}
    },
    currency: "USD",
    lines: [],
  };
}
