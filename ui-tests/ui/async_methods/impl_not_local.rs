use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api(host)]
pub trait Store {
    async fn get(&self, key: &str) -> Result<u32>;
}

struct Mine;

#[sandbox_api(local)]
impl Store for Mine {
    async fn get(&self, _: &str) -> Result<u32> {
        Ok(0)
    }
}

fn main() {}
