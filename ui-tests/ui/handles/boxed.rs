use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api(host)]
pub trait File: Send + Sync {
    fn read(&self) -> Result<String>;
}

#[sandbox_api(host)]
pub trait Files {
    fn open(&self) -> Result<Box<dyn File>>;
}

fn main() {}
