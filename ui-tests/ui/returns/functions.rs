use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api(host)]
pub trait Host {
    fn object(&self) -> Result<Box<dyn Fn(u32) -> u32>>;
    fn pointer(&self) -> Result<fn(u32) -> u32>;
    async fn later_object(&self) -> Result<Box<dyn FnOnce() + Send>>;
    async fn later_pointer(&self) -> Result<Vec<fn()>>;
}

#[sandbox_api(guest)]
pub trait Guest {
    fn object(&self) -> Result<std::sync::Arc<dyn Fn(u32) -> u32>>;
    fn pointer(&self) -> Result<fn(u32) -> u32>;
    async fn later_object(&self) -> Result<Box<dyn FnMut() + Send>>;
    async fn later_pointer(&self) -> Result<Option<extern "C" fn()>>;
}

fn main() {}
