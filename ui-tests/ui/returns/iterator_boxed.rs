use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api(guest)]
pub trait Store {
    fn all(&self) -> Result<Box<dyn Iterator<Item = u32>>>;
    fn count(&self) -> Result<u32>;
}

fn main() {}
