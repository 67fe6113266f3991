use std::fmt::{Display, Formatter, Result};

use sandbox_runtime::GuestError;

#[derive(GuestError)]
#[guest(crate = "sandbox_runtime")]
pub enum StoreError {
    #[guest]
    NotFound,
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
