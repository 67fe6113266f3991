use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api(guest)]
pub trait Store {
    fn find(&self, #[sandbox(length(min = -1))] sku: &str) -> Result<u32>;
    fn count(&self) -> Result<u32>;
}

fn main() {}
