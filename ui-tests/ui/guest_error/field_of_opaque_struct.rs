use std::fmt::{Display, Formatter, Result};

use sandbox_runtime::GuestError;

#[derive(GuestError)]
#[guest(crate = sandbox_runtime)]
pub struct NotFound {
    #[guest(rename = "product")]
    sku: String,
}

impl Display for NotFound {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("failed")
    }
}

fn sees(error: &NotFound) -> bool {
    error.for_guest().is_some()
}

fn main() {
    let _ = sees;
}
