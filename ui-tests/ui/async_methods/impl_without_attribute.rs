use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Store {
    async fn get(&self, key: &str) -> Result<u32>;
}

struct Mine;

impl Store for Mine {
    async fn get(&self, _: &str) -> Result<u32> {
        Ok(0)
    }
}

fn main() {}
