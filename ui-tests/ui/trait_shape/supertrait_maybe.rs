use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Store: ?Sized {
    fn count(&self) -> Result<u32>;
}

fn main() {}
