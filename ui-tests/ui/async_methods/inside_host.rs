use std::sync::mpsc::Receiver;

use sandbox_runtime::{Error, Result, sandbox_api};

pub trait Stream {
    type Item;
}

pub struct NoSerde;

#[derive(serde::Deserialize)]
pub struct ReadOnly(u32);

pub type Fallible<T> = std::result::Result<T, Error>;
pub type Fixed = Result<NoSerde>;

#[sandbox_api(host)]
pub trait Store {
    async fn user(&self) -> Result<NoSerde>;
    async fn half(&self) -> Result<ReadOnly>;
    async fn nested(&self) -> Result<Vec<NoSerde>>;
    async fn optional(&self) -> Result<Option<NoSerde>>;
    async fn twice(&self) -> Result<Result<u32>>;
    async fn results(&self) -> Result<Vec<Result<u32, NoSerde>>>;
    async fn full_path(&self) -> std::result::Result<std::sync::mpsc::Sender<u32>, sandbox_runtime::Error>;
    async fn crate_path(&self) -> sandbox_runtime::Result<Receiver<u32>>;
    async fn stream(&self) -> Result<std::pin::Pin<Box<dyn Stream<Item = u32> + Send>>>;
    async fn tuple(&self) -> Result<(u32, NoSerde)>;
    async fn alias(&self) -> Fallible<NoSerde>;
    async fn whole(&self) -> Fixed;
    async fn fine(&self) -> Result<Vec<Option<(u32, String)>>>;
    async fn plain(&self) -> NoSerde;
    async fn plain_optional(&self) -> Option<NoSerde>;
    async fn plain_list(&self) -> std::vec::Vec<NoSerde>;
}

fn main() {}
