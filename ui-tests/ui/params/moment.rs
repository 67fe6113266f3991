use sandbox_runtime::{Result, sandbox_api};

use std::time::Instant;

#[sandbox_api(guest)]
pub trait Store {
    fn until(&self, end: Instant) -> Result<u32>;
    fn count(&self) -> Result<u32>;
}

fn main() {}
