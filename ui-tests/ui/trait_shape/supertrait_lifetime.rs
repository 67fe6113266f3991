use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Store: Send + 'static {
    fn count(&self) -> Result<u32>;
}

#[sandbox_api]
pub trait Borrowed<'a>: Send + 'a {
    fn count(&self) -> Result<u32>;
}

fn main() {}
