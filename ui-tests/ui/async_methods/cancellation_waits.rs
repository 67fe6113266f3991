use sandbox_runtime::{Cancellation, Result, sandbox_api};

#[sandbox_api(guest)]
pub trait Count {
    fn count(&self, words: Vec<String>, ends: Cancellation) -> Result<u32>;
}

fn main() {}
