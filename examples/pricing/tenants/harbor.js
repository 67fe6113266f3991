// Harbor Logistics: list prices in euros, billed in the currency of the region.
// Where the host has no rate, the customer is billed in euros.
const LIST = { container: 84, pallet: 6.35, parcel: 0.92 };
const CURRENCY = {
  "eu-west": "EUR",
  "us-east": "USD",
  "uk-south": "GBP",
  "ap-tokyo": "JPY",
  "sa-east": "BRL",
};

function convert(euros, region) {
  const currency = CURRENCY[region];
  try {
    return [euros * ExchangeRates.rate("EUR", currency), currency];
  } catch (error) {
    if (!/no rate/.test(error.message)) throw error;
    return [euros, "EUR"];
  }
}

export function price(usage) {
  const euros = LIST[usage.metric] * usage.quantity;
  const [exact, currency] = convert(euros, usage.region);
  const unit = currency === "JPY" ? 1 : 100;
  const amount = Math.round(exact * unit) / unit;
  return { amount, currency, lines: [{ label: usage.metric, amount }] };
}
