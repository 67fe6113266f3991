//! Prices a month of usage with the rules that the tenants uploaded: one sandbox a
//! tenant, all of them open at once, the records in the order they came in.

mod contract;
mod rates;

use std::{
    collections::BTreeMap,
    error::Error as StdError,
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use sandbox_runtime::{Limits, Result, Sandbox, Script};

use contract::{Charge, ExchangeRates, PricingRule, UsageRecord};
use rates::RateTable;

/// The folder of the example: rules, rates and usage.
pub const DIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/pricing");

/// The outcome of the month, tenant by tenant.
pub struct Report {
    pub honest: Vec<TenantReport>,
    pub hostile: Vec<TenantReport>,
}

/// The outcome of one tenant.
pub struct TenantReport {
    pub tenant: String,
    /// The name of the rule's file.
    pub file: String,
    /// The records that were priced, up to the first fault if there was one.
    pub priced: usize,
    /// The tenant's totals, one for each currency, or its first fault.
    pub outcome: Result<Vec<Total>>,
}

/// What the customers of a tenant owe in one currency.
pub struct Total {
    pub currency: String,
    pub customers: usize,
    pub records: usize,
    pub amount: f64,
}

/// Prices `usage.csv` in `dir` with the rules in its folders `tenants` and `hostile`.
///
/// A fault of a rule ends up in the report. An error is a fault of the host: a file
/// that cannot be read, or a sandbox that cannot be built.
pub fn price_all(dir: &Path) -> std::result::Result<Report, Box<dyn StdError>> {
    let rates = RateTable::read(&dir.join("rates.csv"))?;
    let mut honest = open_all(&dir.join("tenants"), &rates)?;
    let mut hostile = open_all(&dir.join("hostile"), &rates)?;

    for record in csv::Reader::from_path(dir.join("usage.csv"))?.into_deserialize() {
        let usage: UsageRecord = record?;
        honest
            .get_mut(&usage.tenant)
            .or_else(|| hostile.get_mut(&usage.tenant))
            .ok_or_else(|| format!("no rule for the tenant {}", usage.tenant))?
            .price(&usage);
    }
    let close_all = |tenants: Tenants| tenants.into_values().map(Tenant::close).collect();
    Ok(Report { honest: close_all(honest), hostile: close_all(hostile) })
}

/// Tenants by name.
type Tenants = BTreeMap<String, Tenant>;

/// Opens a tenant for each file of a folder. The tenant has the name of the file,
/// without the extension.
fn open_all(dir: &Path, rates: &RateTable) -> std::result::Result<Tenants, Box<dyn StdError>> {
    let files = fs::read_dir(dir)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<PathBuf>>>()?;
    files
        .iter()
        .map(|path| {
            let tenant = Tenant::open(path, rates.clone())?;
            Ok((tenant.name.clone(), tenant))
        })
        .collect()
}

/// A tenant while the month is open.
struct Tenant {
    name: String,
    file: String,
    /// The loaded rule, or its first fault.
    rule: Result<Box<dyn PricingRule>>,
    /// By customer and currency.
    accounts: BTreeMap<(String, String), Account>,
}

#[derive(Default)]
struct Account {
    records: usize,
    amount: f64,
}

impl Tenant {
    /// Builds the tenant's own sandbox and loads its rule there.
    fn open(path: &Path, rates: RateTable) -> std::result::Result<Self, Box<dyn StdError>> {
        let text = |part: Option<&OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
        let sandbox = Sandbox::builder()
            .limits(Limits { wall: Duration::from_millis(500), heap: 16 << 20, ..Limits::default() })
            .host::<dyn ExchangeRates>(rates)
            .build()?;
        let rule = sandbox.load::<dyn PricingRule>(Script::read(path)?);
        Ok(Self {
            name: text(path.file_stem()),
            file: text(path.file_name()),
            rule: rule.map(|rule| Box::new(rule) as Box<dyn PricingRule>),
            accounts: BTreeMap::new(),
        })
    }

    /// Prices a record, unless the rule has failed before.
    fn price(&mut self, usage: &UsageRecord) {
        let Ok(rule) = &self.rule else { return };
        match rule.price(usage) {
            Ok(charge) => self.add(usage, charge),
            Err(fault) => self.rule = Err(fault),
        }
    }

    fn add(&mut self, usage: &UsageRecord, charge: Charge) {
        let key = (usage.customer.clone(), charge.currency);
        let account = self.accounts.entry(key).or_default();
        account.records += 1;
        account.amount += charge.amount;
    }

    fn close(self) -> TenantReport {
        TenantReport {
            tenant: self.name,
            file: self.file,
            priced: self.accounts.values().map(|account| account.records).sum(),
            outcome: self.rule.and_then(|rule| {
                let minimum = rule.monthly_minimum()?;
                Ok(totals(self.accounts, minimum))
            }),
        }
    }
}

/// Sums accounts by currency. Each account owes the minimum at least, in its own
/// currency.
fn totals(accounts: BTreeMap<(String, String), Account>, minimum: f64) -> Vec<Total> {
    let mut totals = BTreeMap::new();
    for ((_, currency), account) in accounts {
        let total = totals.entry(currency.clone()).or_insert(Total {
            currency,
            customers: 0,
            records: 0,
            amount: 0.0,
        });
        total.customers += 1;
        total.records += account.records;
        total.amount += account.amount.max(minimum);
    }
    totals.into_values().collect()
}
