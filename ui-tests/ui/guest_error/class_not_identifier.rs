use std::fmt::{Display, Formatter, Result};

use sandbox_runtime::GuestError;

#[derive(GuestError)]
#[guest(class = "class")]
pub enum StoreError {
    #[guest]
    NotFound,
    #[guest(class = "Range Error")]
    Range,
    #[guest(class = "")]
    Empty,
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
