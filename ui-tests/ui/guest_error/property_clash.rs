use std::fmt::{Display, Formatter, Result};

use sandbox_runtime::GuestError;

#[derive(GuestError)]
pub enum StoreError {
    #[guest]
    NotFound {
        #[guest]
        order_id: u32,
        #[guest(rename = "orderId")]
        order: u32,
    },
    #[guest]
    Busy {
        #[guest(rename = "since")]
        at: u32,
        #[guest]
        since: u32,
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
