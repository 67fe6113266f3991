// Never comes back from loading, and tries to swallow whatever stops it.
export function price() {
  return { amount: 0, currency: "USD", lines: [] };
}

for (;;) {
  try {
    for (;;) {}
  } catch {
    continue;
  } finally {
    continue;
  }
}
