use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api(guest)]
pub trait Store {
    fn get(self: std::sync::Arc<Self>) -> Result<u32>;
    fn count(&self) -> Result<u32>;
}

fn main() {}
