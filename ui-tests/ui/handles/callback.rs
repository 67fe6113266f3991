use sandbox_runtime::{AsyncCallback, Callback, Result, sandbox_api};

#[sandbox_api(host)]
pub trait Table {
    fn lent(&self, filter: Callback<fn(&str) -> Result<bool>>) -> Result<u32>;
    fn plain(&self, filter: Callback<fn(u32) -> bool>) -> Result<u32>;
    fn closure(&self, made: Callback<dyn Fn(u32) -> u32>) -> Result<u32>;
    async fn wait(&self, load: AsyncCallback<fn(&str) -> Result<u32>>) -> Result<u32>;
}

fn main() {}
