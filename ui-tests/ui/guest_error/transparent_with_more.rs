use std::fmt::{Display, Formatter, Result};

use sandbox_runtime::GuestError;

#[derive(GuestError)]
pub enum StoreError {
    #[guest(transparent, class = "RangeError", message = "failed")]
    Inner(#[guest(rename = "inner")] std::num::ParseIntError),
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
