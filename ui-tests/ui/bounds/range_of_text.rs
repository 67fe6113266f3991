use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Shop {
    fn find(&self, #[sandbox(range(min = 1))] text: &str) -> Result<()>;
}

fn main() {}
