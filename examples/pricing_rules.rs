//! A service that prices usage with rules its tenants wrote. The rules in
//! `pricing/tenants` are honest, those in `pricing/hostile` are not. Every rule runs
//! in a sandbox of its own, and no hostile one disturbs an honest one.
//!
//! ```sh
//! cargo run --example pricing_rules
//! ```

mod pricing;

use std::{error::Error as StdError, path::Path, process::ExitCode};

use pricing::{TenantReport, price_all};
use sandbox_runtime::Error;

fn main() -> Result<ExitCode, Box<dyn StdError>> {
    let report = price_all(Path::new(pricing::DIR))?;

    println!("HONEST TENANTS\n");
    print_row(["tenant", "rule", "customers", "records", "total", "currency"]);
    report.honest.iter().for_each(print_honest);

    println!("\nHOSTILE TENANTS\n");
    report.hostile.iter().for_each(print_hostile);

    let tenants = report.honest.len();
    let failed = report.honest.iter().filter(|tenant| tenant.outcome.is_err()).count();
    if failed > 0 {
        println!("\n{failed} of {tenants} honest tenants could not be priced.");
        return Ok(ExitCode::FAILURE);
    }
    let records: usize = report.honest.iter().map(|tenant| tenant.priced).sum();
    println!("\nAll {tenants} honest tenants were priced, {records} records in total.");
    Ok(ExitCode::SUCCESS)
}

fn print_row([tenant, rule, customers, records, total, currency]: [&str; 6]) {
    println!("{tenant:<10} {rule:<14} {customers:>9} {records:>7} {total:>12} {currency}");
}

fn print_honest(report: &TenantReport) {
    match &report.outcome {
        Ok(totals) => {
            for total in totals {
                let customers = total.customers.to_string();
                let records = total.records.to_string();
                let amount = format!("{:.2}", total.amount);
                print_row([&report.tenant, &report.file, &customers, &records, &amount, &total.currency]);
            }
        }
        Err(fault) => println!("{:<10} {:<14} {}", report.tenant, report.file, describe(fault)),
    }
}

fn print_hostile(report: &TenantReport) {
    let outcome = match &report.outcome {
        Ok(_) => "priced by its own numbers, which concern no one else".to_owned(),
        Err(fault) => describe(fault),
    };
    println!("{:<25} {:>3} priced  {outcome}", report.file, report.priced);
}

/// The variant of an error and the first line of its message.
fn describe(error: &Error) -> String {
    let variant = match error {
        Error::Syntax { .. } => "Syntax".to_owned(),
        Error::Mismatch { .. } => "Mismatch".to_owned(),
        Error::Guest(..) => "Guest".to_owned(),
        Error::Value { .. } => "Value".to_owned(),
        Error::Limit { kind, .. } => format!("Limit {kind:?}"),
        Error::Host { .. } => "Host".to_owned(),
        Error::Discarded { .. } => "Discarded".to_owned(),
        Error::Lost { .. } => "Lost".to_owned(),
        _ => "other".to_owned(),
    };
    let message = error.to_string();
    format!("{variant:<11} {}", message.lines().next().unwrap_or_default())
}
