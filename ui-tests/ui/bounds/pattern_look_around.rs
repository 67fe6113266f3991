use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api(guest)]
pub trait Store {
    #[sandbox(returns(pattern("(?!x)y")))]
    fn name(&self) -> Result<String>;
    fn count(&self) -> Result<u32>;
}

fn main() {}
