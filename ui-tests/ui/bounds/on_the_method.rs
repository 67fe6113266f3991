use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Shop {
    #[sandbox(range(min = 0))]
    fn find(&self, amount: f64) -> Result<f64>;
    #[sandbox(returns = 5)]
    fn get(&self) -> Result<f64>;
    #[sandbox(returns(range(low = 0)))]
    fn all(&self) -> Result<f64>;
}

fn main() {}
