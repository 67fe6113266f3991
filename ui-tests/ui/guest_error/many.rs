use std::fmt::{Display, Formatter, Result};

use sandbox_runtime::GuestError;

#[derive(GuestError)]
#[guest(clas = "StoreError")]
pub enum StoreError {
    #[guest(class = 1)]
    NotFound(#[guest] String),
    Busy {
        #[guest(since)]
        at: u32,
    },
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
