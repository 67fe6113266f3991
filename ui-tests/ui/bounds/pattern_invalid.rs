use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api(guest)]
pub trait Store {
    fn find(&self, #[sandbox(pattern("^[A-Z{2}$"))] sku: &str) -> Result<u32>;
    fn count(&self) -> Result<u32>;
}

fn main() {}
