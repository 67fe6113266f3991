use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Store {
    #[sandbox(name = "read")]
    fn get(&self) -> Result<u32>;
}

fn main() {}
