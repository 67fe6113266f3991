use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Shop {
    fn find(&self, #[sandbox(range(min = 2, max = 1.5))] amount: f64) -> Result<()>;
    fn get(&self, #[sandbox(length(min = 2, max = 1))] text: &str) -> Result<()>;
}

fn main() {}
