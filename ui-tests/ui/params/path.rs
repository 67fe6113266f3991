use sandbox_runtime::{Result, sandbox_api};

use std::path::Path;

#[sandbox_api(guest)]
pub trait Store {
    fn open(&self, path: &Path) -> Result<u32>;
    fn count(&self) -> Result<u32>;
}

fn main() {}
