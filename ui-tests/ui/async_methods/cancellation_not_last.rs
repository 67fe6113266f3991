use sandbox_runtime::{Cancellation, Result, sandbox_api};

#[sandbox_api(guest)]
pub trait Count {
    async fn count(&self, ends: Cancellation, words: Vec<String>) -> Result<u32>;
    async fn twice(&self, ends: Cancellation, also: Cancellation) -> Result<u32>;
}

fn main() {}
