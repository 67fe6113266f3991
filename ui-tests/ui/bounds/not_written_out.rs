use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Shop {
    fn find(&self, #[sandbox(range(min = MIN))] amount: f64) -> Result<()>;
    fn get(&self, #[sandbox(length(max = -1))] text: &str) -> Result<()>;
    fn all(&self, #[sandbox(length(max = 1.5))] text: &str) -> Result<()>;
}

fn main() {}
