// Orchid Messaging: text messages. The metric tells the kind and the country, for
// example "sms:marketing:de"; the price list is text that the rule reads itself.
const PRICE_LIST = `
  de 0.0782 0.0650
  fr 0.0721 0.0580
  gb 0.0410 0.0355
  us 0.0083 0.0079
`;

const METRIC = /^sms:(?<kind>marketing|service):(?<country>[a-z]{2})$/;

const prices = new Map(
  PRICE_LIST.trim()
    .split("\n")
    .map((row) => row.trim().split(/\s+/))
    .map(([country, marketing, service]) => [
      country,
      { marketing: parseFloat(marketing), service: parseFloat(service) },
    ]),
);

export default {
  price(usage) {
    const found = METRIC.exec(usage.metric);
    if (!found) throw new TypeError(`not a metric of ours: ${usage.metric}`);
    const { kind, country } = found.groups;
    const each = prices.get(country)[kind];
    const amount = +(usage.quantity * each).toFixed(3);
    const label = `${country.toUpperCase().padEnd(3)}${kind} × ${usage.quantity}`;
    return { amount, currency: "EUR", lines: [{ label, amount }] };
  },

  monthlyMinimum() {
    return 10;
  },
};
