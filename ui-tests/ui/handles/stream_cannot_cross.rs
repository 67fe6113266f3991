use sandbox_runtime::{Items, Result, Stream, sandbox_api};

pub struct Socket(*const u8);

#[sandbox_api(host)]
pub trait Events: Send + Sync {
    async fn sockets(&self) -> Result<Stream<Socket>>;
    fn items(&self) -> Result<Items<Socket>>;
    async fn numbers(&self) -> Result<Stream<u32>>;
}

fn main() {}
