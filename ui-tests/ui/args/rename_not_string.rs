use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Store {
    #[sandbox(rename = read)]
    fn get(&self) -> Result<u32>;
    #[sandbox(rename)]
    fn put(&self) -> Result<u32>;
}

fn main() {}
