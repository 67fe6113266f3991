use std::fmt::{Display, Formatter, Result};

use sandbox_runtime::GuestError;

#[derive(GuestError)]
pub enum StoreError {
    #[guest(message = "no such product: {sku")]
    NotFound { sku: String },
    #[guest(message = "no such product: sku}")]
    Lost { sku: String },
    #[guest(message = "no such product: {sku:width$}")]
    Gone { sku: String, width: usize },
}

impl Display for StoreError {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("failed")
    }
}

fn sees(error: &StoreError) -> bool {
    error.for_guest().is_some()
}

fn main() {
    let _ = sees;
}
