// Juniper CRM: plans as classes. A plan has a daily fee per seat and a price for
// the contacts above those a seat includes.
class Plan {
  #perSeat;

  constructor(name, perSeat, contactsPerSeat, perContact) {
    this.name = name;
    this.#perSeat = perSeat;
    this.contactsPerSeat = contactsPerSeat;
    this.perContact = perContact;
  }

  charge(usage) {
    if (usage.metric === "seats") {
      return this.line(`${usage.quantity} seats`, (usage.quantity * this.#perSeat) / usage.daysInMonth);
    }
    const above = Math.max(0, usage.quantity - this.contactsPerSeat);
    return this.line(`${above} contacts above the allowance`, above * this.perContact);
  }

  line(label, amount) {
    return { label: `${this.name}: ${label}`, amount: Math.round(amount * 100) / 100 };
  }
}

class TrialPlan extends Plan {
  constructor() {
    super("trial", 0, 50, 0);
  }

  charge(usage) {
    return usage.day <= 14 ? this.line("trial", 0) : PLANS.basic.charge(usage);
  }
}

const PLANS = {
  trial: new TrialPlan(),
  basic: new Plan("basic", 12, 250, 0.02),
  growth: new Plan("growth", 29, 1000, 0.012),
};

class Juniper {
  currency = "USD";

  price(usage) {
    const line = PLANS[usage.plan].charge(usage);
    return { amount: line.amount, currency: this.currency, lines: [line] };
  }
}

export default new Juniper();
