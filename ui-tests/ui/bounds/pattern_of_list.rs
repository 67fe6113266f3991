use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Shop {
    fn find(&self, #[sandbox(pattern("^a"))] texts: Vec<String>) -> Result<()>;
}

fn main() {}
