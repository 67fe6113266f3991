use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Shop {
    fn find(&self, #[sandbox(max = 64)] text: &str) -> Result<()>;
    fn get(&self, #[sandbox(rename = "x")] text: &str) -> Result<()>;
}

fn main() {}
