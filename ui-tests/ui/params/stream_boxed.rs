use sandbox_runtime::{Result, sandbox_api};

pub trait Stream {
    type Item;
}

#[sandbox_api(guest)]
pub trait Store {
    fn read(&self, boxed: std::pin::Pin<Box<dyn Stream<Item = u32>>>, each: Box<dyn Iterator<Item = u32>>) -> Result<u32>;
    fn count(&self) -> Result<u32>;
}

fn main() {}
