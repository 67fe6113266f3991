use sandbox_runtime::{Result, Stream, sandbox_api};

#[sandbox_api(host)]
pub trait Events: Send + Sync {
    async fn merge(&self, numbers: &Stream<u32>) -> Result<Stream<u32>>;
}

fn main() {}
