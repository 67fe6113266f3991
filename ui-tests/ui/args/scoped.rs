use sandbox_runtime::{Handle, Result, sandbox_api};

#[sandbox_api(host)]
pub trait Cursor: Send + Sync {
    fn next(&self) -> Result<u32>;
}

#[sandbox_api(host)]
pub trait Table {
    #[sandbox(scoped = true)]
    fn open(&self) -> Result<Handle<dyn Cursor>>;
    #[sandbox(scoped, scoped)]
    fn all(&self) -> Result<Vec<Handle<dyn Cursor>>>;
}

fn main() {}
