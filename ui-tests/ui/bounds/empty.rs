use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Shop {
    fn find(&self, #[sandbox] amount: f64) -> Result<()>;
    fn get(&self, #[sandbox(range)] amount: f64) -> Result<()>;
    fn all(&self, #[sandbox(range())] amount: f64) -> Result<()>;
    fn any(&self, #[sandbox(pattern = "^a")] text: &str) -> Result<()>;
}

fn main() {}
