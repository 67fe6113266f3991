use sandbox_runtime::{Handle, Result, sandbox_api};

pub trait Plain: Send + Sync {
    fn read(&self) -> Result<String>;
}

#[sandbox_api(host)]
pub trait Files {
    fn open(&self) -> Result<Handle<dyn Plain>>;
}

fn main() {}
