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

#[sandbox_api(guest)]
pub trait Store {
    fn user(&self) -> Result<NoSerde>;
    fn half(&self) -> Result<ReadOnly>;
    fn nested(&self) -> Result<Vec<NoSerde>>;
    fn optional(&self) -> Result<Option<NoSerde>>;
    fn twice(&self) -> Result<Result<u32>>;
    fn results(&self) -> Result<Vec<Result<u32, NoSerde>>>;
    fn full_path(&self) -> std::result::Result<std::sync::mpsc::Sender<u32>, sandbox_runtime::Error>;
    fn crate_path(&self) -> sandbox_runtime::Result<Receiver<u32>>;
    fn stream(&self) -> Result<std::pin::Pin<Box<dyn Stream<Item = u32> + Send>>>;
    fn tuple(&self) -> Result<(u32, NoSerde)>;
    fn alias(&self) -> Fallible<NoSerde>;
    fn whole(&self) -> Fixed;
    fn fine(&self) -> Result<Vec<Option<(u32, String)>>>;
    #[sandbox(on_failure = panic)]
    fn policy(&self) -> std::vec::Vec<NoSerde>;
}

fn main() {}
