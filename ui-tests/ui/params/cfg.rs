use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Store {
    fn get(&self, key: &str, #[cfg(unix)] mode: u32) -> Result<u32>;
}

fn main() {}
