use std::future::Future;
use std::pin::Pin;

use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Store {
    fn get(&self, key: &str) -> impl Future<Output = Result<u32>> + Send;
    fn put<'a>(&'a self, key: &'a str) -> Pin<Box<dyn Future<Output = Result<u32>> + Send + 'a>>;
    fn count(&self) -> futures::BoxFuture<'_, Result<u32>>;
}

fn main() {}
