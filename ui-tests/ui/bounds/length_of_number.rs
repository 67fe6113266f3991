use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Shop {
    fn find(&self, #[sandbox(length(max = 64))] amount: f64) -> Result<()>;
}

fn main() {}
