// Prices usage.csv with the honest tenants' rules in Node.js, outside any sandbox,
// and writes expected_totals.csv. The test of the example compares the sandbox
// with these totals. Run it again when a rule, a rate or the usage changes:
//
//     node examples/pricing/expected.mjs

import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { parse } from "node:path";

const here = (name) => new URL(name, import.meta.url);

/** Reads a table whose fields are not quoted, as one object a row. */
function readCsv(name) {
  const text = readFileSync(here(name), "utf8");
  if (text.includes('"')) throw new Error(`${name}: quoted fields are not supported`);
  const [header, ...rows] = text.trimEnd().split("\n").map((line) => line.split(","));
  return rows.map((row) => Object.fromEntries(header.map((key, i) => [key, row[i]])));
}

function usageRecord(row) {
  return {
    ...row,
    quantity: Number(row.quantity),
    day: Number(row.day),
    daysInMonth: Number(row.daysInMonth),
    coupon: row.coupon || null,
  };
}

function installExchangeRates() {
  const rates = new Map(readCsv("rates.csv").map(({ from, to, rate }) => [`${from}/${to}`, Number(rate)]));
  const rate = (from, to) => {
    if (from === to) return 1;
    const found = rates.get(`${from}/${to}`);
    if (found === undefined) throw new Error(`no rate from ${from} to ${to}`);
    return found;
  };
  globalThis.ExchangeRates = Object.freeze({ rate });
}

/** Loads a rule in any of the three module formats. */
async function loadRule(file) {
  const source = readFileSync(here(`tenants/${file}`), "utf8");
  if (file.endsWith(".cjs")) {
    const module = { exports: {} };
    new Function("module", "exports", source)(module, module.exports);
    return module.exports;
  }
  const exports = await import(`data:text/javascript,${encodeURIComponent(source)}`);
  return exports.default ?? exports;
}

/** Adds one charge to the account of the customer in its currency. */
function addCharge(accounts, usage, charge) {
  if (!Number.isFinite(charge.amount)) throw new Error(`${usage.tenant}: amount is ${charge.amount}`);
  const key = `${usage.customer}\0${charge.currency}`;
  const account = accounts.get(key) ?? { records: 0, amount: 0 };
  accounts.set(key, { records: account.records + 1, amount: account.amount + charge.amount });
}

/** Sums the accounts of a tenant, customer by customer, into one row a currency. */
function totals(tenant, accounts, minimum) {
  const rows = new Map();
  for (const key of [...accounts.keys()].sort()) {
    const [, currency] = key.split("\0");
    const { records, amount } = accounts.get(key);
    const row = rows.get(currency) ?? { tenant, customers: 0, records: 0, total: 0, currency };
    row.customers += 1;
    row.records += records;
    row.total += Math.max(amount, minimum);
    rows.set(currency, row);
  }
  return [...rows.keys()].sort().map((currency) => rows.get(currency));
}

async function priceTenant(file, usage) {
  const tenant = parse(file).name;
  const rule = await loadRule(file);
  const accounts = new Map();
  for (const row of usage.filter((row) => row.tenant === tenant)) {
    const record = usageRecord(row);
    addCharge(accounts, record, rule.price(record));
  }
  return totals(tenant, accounts, rule.monthlyMinimum?.() ?? 0);
}

installExchangeRates();
const usage = readCsv("usage.csv");
const files = readdirSync(here("tenants")).sort();
const rows = (await Promise.all(files.map((file) => priceTenant(file, usage)))).flat();
const header = ["tenant", "customers", "records", "total", "currency"];
const lines = rows.map((row) => header.map((key) => row[key]).join(","));
writeFileSync(here("expected_totals.csv"), [header.join(","), ...lines, ""].join("\n"));
