// Pylon Hosting. Written in 2012 and never touched since.
(function () {
  var STEPS = [0, 50, 200, 1000, 5000];
  var RATES = [0.12, 0.1, 0.085, 0.07, 0.055];
  var TAX = { on: 0.13, qc: 0.14975, bc: 0.12, ab: 0.05 };

  function stepOf(quantity) {
    var low = 0, high = STEPS.length - 1;
    while (low < high) {
      var middle = (low + high + 1) >> 1;
      if (STEPS[middle] <= quantity) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  function Invoice() {
    this.lines = [];
  }
  Invoice.prototype.add = function (label, amount) {
    this.lines.push({ label: label, amount: Math.round(amount * 100) / 100 });
    return this;
  };
  Invoice.prototype.total = function () {
    var sum = 0;
    for (var i = 0; i < this.lines.length; i++) sum += this.lines[i].amount;
    return Math.round(sum * 100) / 100;
  };

  module.exports.price = function (usage) {
    var net = usage.quantity * RATES[stepOf(usage.quantity)];
    var invoice = new Invoice()
      .add('Traffic ' + usage.quantity + ' GB', net)
      .add('Tax ' + usage.region.toUpperCase(), net * TAX[usage.region]);
    return { amount: invoice.total(), currency: 'CAD', lines: invoice.lines };
  };

  module.exports.monthlyMinimum = function () {
    return 5.65;
  };
})();
