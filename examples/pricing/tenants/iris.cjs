// Iris Imaging: costs arise in dollars, invoices are in pounds. The rate is asked
// for once and kept for the whole run.

const DOLLARS = { thumbnail: 0.0004, resize: 0.0011, upscale: 0.019 };
const MARGIN = 1.35;

let rate = null;

function pounds(dollars) {
  if (rate === null) rate = ExchangeRates.rate("USD", "GBP");
  return Math.round(dollars * MARGIN * rate * 100) / 100;
}

module.exports = {
  price: function (usage) {
    const amount = pounds(usage.quantity * DOLLARS[usage.metric]);
    return {
      amount: amount,
      currency: "GBP",
      lines: [{ label: usage.metric + " x " + usage.quantity, amount: amount }],
    };
  },
  monthlyMinimum: function () {
    return 20;
  },
};
