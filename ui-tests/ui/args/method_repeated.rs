use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Store {
    #[sandbox(rename = "read", rename = "load")]
    fn get(&self) -> Result<u32>;
    #[sandbox(on_failure = panic)]
    #[sandbox(on_failure = default)]
    fn count(&self) -> u32;
}

fn main() {}
