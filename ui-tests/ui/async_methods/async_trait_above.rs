use sandbox_runtime::{Result, async_trait, sandbox_api};

#[async_trait]
#[sandbox_api]
pub trait Store {
    async fn get(&self, key: &str) -> Result<u32>;
}

fn main() {}
