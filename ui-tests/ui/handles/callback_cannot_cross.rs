use sandbox_runtime::{AsyncCallback, Callback, Result, sandbox_api};

pub struct Socket;

#[sandbox_api(host)]
pub trait Table {
    fn socket(&self, open: Callback<fn(Socket) -> Result<()>>) -> Result<u32>;
    fn many(&self, all: Callback<fn(u8, u8, u8, u8, u8) -> Result<()>>) -> Result<u32>;
    async fn load(&self, load: AsyncCallback<fn(String) -> Result<Socket>>) -> Result<u32>;
}

fn main() {}
