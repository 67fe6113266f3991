// Ginkgo Denshi: yen have no decimals. Net prices are rounded up to the yen and
// the consumption tax is rounded down, on each line.
const TAX_PERCENT = 10;
const YEN = { page: 2.4, scan: 11.5, translation: 38 };

export default {
  price: ({ metric, quantity }) => {
    const net = Math.ceil(quantity * YEN[metric]);
    const tax = Math.floor((net * TAX_PERCENT) / 100);
    return {
      amount: net + tax,
      currency: "JPY",
      lines: [
        { label: `${metric} × ${quantity}`, amount: net },
        { label: "消費税", amount: tax },
      ],
    };
  },
  monthlyMinimum: () => 3300,
};
