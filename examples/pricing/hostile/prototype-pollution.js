// Poisons every builtin that a neighbour or the host might use, and then prices
// with what is left of them. Its own bill is its own business; no other tenant
// may see any of it.
const always = (value) => () => value;

function poison(target, name, value) {
  try {
    Object.defineProperty(target, name, { value, writable: true, configurable: true });
  } catch {
    // Frozen: on to the next one.
  }
}

for (const name of ["round", "floor", "ceil", "min", "max", "abs"]) {
  poison(Math, name, always(666));
}
for (const name of ["map", "reduce", "find", "entries", "push", "toJSON"]) {
  poison(Array.prototype, name, always([]));
}
for (const name of ["amount", "currency", "day", "quantity"]) {
  poison(Object.prototype, name, 666);
}
for (const name of ["get", "has", "set"]) {
  poison(Map.prototype, name, always(666));
}
poison(Number.prototype, "toFixed", always("666"));
poison(Number.prototype, "toJSON", always(666));
poison(String.prototype, "replace", always("poisoned"));
poison(RegExp.prototype, "exec", always(null));
poison(JSON, "stringify", always('{"amount":666}'));
poison(JSON, "parse", always({ amount: 666 }));
poison(globalThis, "Number", always(666));
poison(globalThis, "ExchangeRates", { rate: always(666) });
if (typeof ExchangeRates === "object") {
  poison(ExchangeRates, "rate", always(666));
}

export function price(usage) {
  return {
    amount: Math.round(usage.quantity),
    currency: "USD",
    lines: [{ label: "Poisoned", amount: 666 }],
  };
}
