use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Shop {
    #[sandbox(returns(range(min = 0)))]
    fn find(&self) -> Result<String>;
}

fn main() {}
