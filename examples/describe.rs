//! What the authors of scripts are given: TypeScript declarations, Zod and JSON Schema of a contract, in a folder. The
//! contract as data goes there too; the next run compares with it, and says what the change breaks.
//!
//! ```sh
//! cargo run --example describe -- out
//! ```

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use sandbox_runtime::{Contract, Description, Result, compat, sandbox_api};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a customer used in a month.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// In hours of one machine.
    pub machine_hours: f64,
    pub plan: Plan,
    /// In cents; of customers who pay later.
    pub credit: Option<u32>,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Plan {
    Free,
    Team { seats: u16 },
}

/// How a tenant prices usage.
#[sandbox_api(guest)]
pub trait PricingRule {
    /// The price in cents.
    #[sandbox(returns(range(min = 0)))]
    fn price(&self, usage: &Usage) -> Result<i64>;
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = match std::env::args_os().nth(1) {
        Some(named) => PathBuf::from(named),
        None => std::env::temp_dir().join("typed-sandbox-describe"),
    };
    fs::create_dir_all(&folder)?;
    let kept = folder.join("description.json");
    let current = <dyn PricingRule>::describe();
    if kept.exists() {
        println!("{}", compared(&kept, &current)?);
    }

    fs::write(folder.join("PricingRule.d.ts"), current.typescript())?;
    fs::write(folder.join("PricingRule.zod.mjs"), current.zod())?;
    fs::write(folder.join("PricingRule.schema.json"), serde_json::to_string_pretty(&current.json_schema())?)?;
    fs::write(&kept, serde_json::to_string_pretty(&current)?)?;
    println!("PricingRule, {}, is described in {}", &current.fingerprint()[..12], folder.display());
    Ok(())
}

/// What changed since the description was kept.
fn compared(kept: &Path, current: &Description) -> Result<String, Box<dyn Error>> {
    let old: Description = serde_json::from_str(&fs::read_to_string(kept)?)?;
    if old.fingerprint() == current.fingerprint() {
        return Ok("Nothing changed that scripts or hosts depend on.".to_owned());
    }
    let change = compat(&old, current);
    let advice = match (change.breaks_guests(), change.breaks_hosts()) {
        (true, _) => "Scripts that are in the field may fail: keep the old contract for them.",
        (false, true) => "Scripts in the field go on; update all hosts before scripts use what is new.",
        (false, false) => "Nothing breaks.",
    };
    Ok(format!("{change}{advice}"))
}
