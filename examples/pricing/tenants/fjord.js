// Fjord Ferries: tickets priced in halves of an øre and rounded to the whole øre,
// ties to the even neighbour, as its accountants require.
const ORE = { passenger: 412.5, bicycle: 62.5, freight: 1287.5 };

function halfEven(value) {
  const down = Math.floor(value);
  const rest = value - down;
  if (rest !== 0.5) return Math.round(value);
  return down % 2 === 0 ? down : down + 1;
}

function price(usage) {
  const gross = usage.quantity * ORE[usage.metric];
  // A punch card takes a tenth off.
  const net = halfEven(usage.coupon === "KLIPPEKORT" ? gross - gross / 10 : gross);
  // Norway's reduced rate for the transport of persons; freight pays the full one.
  const vat = halfEven(net * (usage.metric === "freight" ? 0.25 : 0.12));
  const crowns = (ore) => ore / 100;
  return {
    amount: crowns(net + vat),
    currency: "NOK",
    lines: [
      { label: usage.metric, amount: crowns(net) },
      { label: "MVA", amount: crowns(vat) },
    ],
  };
}

export { price };
