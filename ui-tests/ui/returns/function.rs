use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api(guest)]
pub trait Store {
    fn handler(&self) -> Result<Box<dyn Fn(u32) -> u32>>;
    fn count(&self) -> Result<u32>;
}

fn main() {}
