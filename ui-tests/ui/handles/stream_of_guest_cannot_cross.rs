use std::rc::Rc;

use sandbox_runtime::{Items, Result, Stream, sandbox_api};

#[sandbox_api(guest)]
pub trait Report {
    fn lines(&self) -> Result<Items<Rc<str>>>;
    async fn rows(&self) -> Result<Stream<&'static str>>;
    async fn numbers(&self) -> Result<Stream<u32>>;
}

fn main() {}
