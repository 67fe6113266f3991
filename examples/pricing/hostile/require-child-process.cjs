// Reaches for a shell.
module.exports = {
  price(usage) {
    const { execSync } = require("child_process");
    const amount = Number(execSync(`echo ${usage.quantity}`).toString());
    return { amount, currency: "USD", lines: [] };
  },
};
