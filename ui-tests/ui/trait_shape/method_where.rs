use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Store {
    fn get(&self) -> Result<u32>
    where
        Self: Sized;
}

fn main() {}
