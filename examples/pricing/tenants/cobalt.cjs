'use strict';

// Cobalt Desk: seats, prorated by the days that are left in the month when the
// seat is added. A removed seat (a negative quantity) is credited the same way.

const SEAT_PRICE = { starter: 9, team: 15, enterprise: 32 };

function share(day, daysInMonth) {
  return (daysInMonth - day + 1) / daysInMonth;
}

function price(usage) {
  const seatPrice = SEAT_PRICE[usage.plan];
  if (seatPrice === undefined) {
    throw new Error('unknown plan ' + usage.plan);
  }
  const part = share(usage.day, usage.daysInMonth);
  const amount = Math.round(usage.quantity * seatPrice * part * 100) / 100;
  const verb = usage.quantity < 0 ? 'removed' : 'added';
  return {
    amount,
    currency: 'USD',
    lines: [{ label: Math.abs(usage.quantity) + ' seats ' + verb + ' on day ' + usage.day, amount }],
  };
}

module.exports = { price, monthlyMinimum: () => 18 };
