use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Shop {
    fn find(#[sandbox(range(min = 0))] &self, amount: f64) -> Result<f64>;
}

fn main() {}
