// Quartz Analytics: rows scanned, less a coupon while it is valid, plus GST.
export default {
  currency: "AUD",
  perMillionRows: 1.85,
  gst: 0.1,
  coupons: {
    WELCOME20: { percent: 20, lastDay: 10 },
    WINTER8: { percent: 8, lastDay: 31 },
  },

  discount({ coupon, day }) {
    const { percent = 0, lastDay = 0 } = this.coupons[coupon] ?? {};
    return day <= lastDay ? percent : 0;
  },

  price(usage) {
    const list = (usage.quantity / 1e6) * this.perMillionRows;
    const percent = this.discount(usage);
    const steps = [
      ["Rows scanned", list],
      ...(percent ? [[`Coupon, ${percent} %`, (-list * percent) / 100]] : []),
      ["GST", list * (1 - percent / 100) * this.gst],
    ];
    const lines = steps.map(([label, exact]) => ({ label, amount: this.round(exact) }));
    const amount = this.round(lines.reduce((sum, line) => sum + line.amount, 0));
    return { amount, currency: this.currency, lines };
  },

  round: (amount) => Math.sign(amount) * (Math.round(Math.abs(amount) * 100) / 100),

  monthlyMinimum: () => 33,
};
