//! The pricing example on its real input: the sandbox gives the totals that Node.js
//! gives with the same rules, and each hostile rule gives the error it should.

#[path = "../examples/pricing/mod.rs"]
mod pricing;

use std::sync::LazyLock;
use std::{collections::BTreeMap, path::Path};

use pricing::{Report, TenantReport, price_all};
use sandbox_runtime::{Error, LimitKind};
use serde::Deserialize;

/// A row of `expected_totals.csv`, which `expected.mjs` writes.
#[derive(Debug, PartialEq, Deserialize)]
struct ExpectedTotal {
    tenant: String,
    customers: usize,
    records: usize,
    total: f64,
    currency: String,
}

type Matcher = fn(&Error) -> bool;

/// The hostile rules and the error each of them ends with. A rule that only harms
/// itself has no error to expect.
const HOSTILE: &[(&str, Option<Matcher>)] = &[
    ("constructor-escape.js", Some(is_guest)),
    ("endless-loop.js", Some(is_wall)),
    ("endless-recursion.js", Some(is_stack)),
    ("getter-trap.js", Some(is_wall_or_value)),
    ("import-fs.mjs", Some(is_guest)),
    ("late-loop.js", Some(is_wall)),
    ("loop-on-load.js", Some(is_wall)),
    ("memory-bomb.js", Some(is_heap)),
    ("missing-export.js", Some(is_mismatch)),
    ("promise-result.js", Some(is_value)),
    ("prototype-pollution.js", None),
    ("regex-backtracking.js", Some(is_wall)),
    ("require-child-process.cjs", Some(is_guest)),
    ("syntax-error.js", Some(is_syntax)),
    ("throws.js", Some(is_guest)),
    ("wrong-type.js", Some(is_value)),
];

fn is_syntax(error: &Error) -> bool {
    matches!(error, Error::Syntax { .. })
}

fn is_mismatch(error: &Error) -> bool {
    matches!(error, Error::Mismatch { .. })
}

fn is_guest(error: &Error) -> bool {
    matches!(error, Error::Guest(..))
}

fn is_value(error: &Error) -> bool {
    matches!(error, Error::Value { .. })
}

fn is_wall(error: &Error) -> bool {
    matches!(error, Error::Limit { kind: LimitKind::Wall, .. })
}

fn is_heap(error: &Error) -> bool {
    matches!(error, Error::Limit { kind: LimitKind::Heap, .. })
}

fn is_stack(error: &Error) -> bool {
    matches!(error, Error::Limit { kind: LimitKind::Stack, .. })
}

/// A getter in a result is either run, within the limits, or refused.
fn is_wall_or_value(error: &Error) -> bool {
    is_wall(error) || is_value(error)
}

/// Priced once, for all tests.
fn report() -> &'static Report {
    static REPORT: LazyLock<Report> =
        LazyLock::new(|| price_all(Path::new(pricing::DIR)).expect("the input of the example can be read"));
    &REPORT
}

fn expected_totals() -> Vec<ExpectedTotal> {
    let path = Path::new(pricing::DIR).join("expected_totals.csv");
    csv::Reader::from_path(path)
        .expect("the expected totals can be read")
        .into_deserialize()
        .collect::<csv::Result<_>>()
        .expect("the expected totals are well formed")
}

fn totals_of(report: &TenantReport) -> impl Iterator<Item = ExpectedTotal> + '_ {
    let totals = match &report.outcome {
        Ok(totals) => totals,
        Err(error) => panic!("{} after {} records: {error}", report.file, report.priced),
    };
    totals.iter().map(|total| ExpectedTotal {
        tenant: report.tenant.clone(),
        customers: total.customers,
        records: total.records,
        total: total.amount,
        currency: total.currency.clone(),
    })
}

/// The numbers are equal to the last bit, while the hostile rules run in between.
#[test]
fn honest_tenants_are_priced_as_outside_the_sandbox() {
    let report = report();
    let totals: Vec<_> = report.honest.iter().flat_map(totals_of).collect();
    assert_eq!(totals, expected_totals());
    for tenant in &report.honest {
        let in_totals: usize = totals_of(tenant).map(|total| total.records).sum();
        assert_eq!(tenant.priced, in_totals, "{}", tenant.file);
    }
}

#[test]
fn hostile_tenants_end_with_the_error_they_should() {
    let report = report();
    let expected: BTreeMap<_, _> = HOSTILE.iter().copied().collect();
    let files: Vec<_> = report.hostile.iter().map(|tenant| tenant.file.as_str()).collect();
    assert_eq!(files, expected.keys().copied().collect::<Vec<_>>());

    for tenant in &report.hostile {
        let Some(is_expected) = expected[tenant.file.as_str()] else { continue };
        match &tenant.outcome {
            Ok(_) => panic!("{} was priced to the end", tenant.file),
            Err(error) => assert!(is_expected(error), "{}: {error:?}", tenant.file),
        }
    }
}

/// A fault ends a tenant, but what it had priced until then is known.
#[test]
fn a_fault_counts_the_records_before_it() {
    let report = report();
    let priced =
        |file: &str| report.hostile.iter().find(|tenant| tenant.file == file).map(|tenant| tenant.priced);
    assert_eq!(priced("throws.js"), Some(3));
    assert_eq!(priced("late-loop.js"), Some(10));
    assert_eq!(priced("endless-loop.js"), Some(0));
}
