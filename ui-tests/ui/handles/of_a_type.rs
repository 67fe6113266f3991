use sandbox_runtime::{Handle, Result, sandbox_api};

pub struct File;

#[sandbox_api(host)]
pub trait Files {
    fn open(&self) -> Result<Handle<File>>;
    fn size(&self, file: Handle<File>) -> Result<f64>;
}

fn main() {}
