use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api(guest)]
pub trait Store {
    fn fill(&self, at: *mut u8, lent: &mut Vec<u8>) -> Result<u32>;
    fn count(&self) -> Result<u32>;
}

fn main() {}
