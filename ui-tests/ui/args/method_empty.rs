use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Store {
    #[sandbox]
    fn first(&self) -> Result<u32>;
    #[sandbox()]
    fn second(&self) -> Result<u32>;
    #[sandbox = "third"]
    fn third(&self) -> Result<u32>;
}

fn main() {}
