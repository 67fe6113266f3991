use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Shop {
    fn find(&self, #[sandbox(length(max = 64), length(min = 1))] text: &str) -> Result<()>;
    fn get(&self, #[sandbox(length(max = 64, max = 65))] text: &str) -> Result<()>;
}

fn main() {}
