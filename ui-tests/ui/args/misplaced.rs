use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
#[sandbox(rename = "Kv")]
pub trait Store {
    fn get(&self, #[sandbox(rename = "k")] key: &str) -> Result<u32>;
    fn put(#[sandbox] &self) -> Result<u32>;
}

fn main() {}
