use sandbox_runtime::{Result, Sandbox, sandbox_api};

pub struct Failure;

#[sandbox_api(host)]
pub trait Store {
    fn get(&self) -> Result<u32, Failure>;
}

struct Mine;

impl Store for Mine {
    fn get(&self) -> Result<u32, Failure> {
        Err(Failure)
    }
}

fn host() -> Result<Sandbox> {
    Sandbox::builder().host::<dyn Store>(Mine).build()
}

fn main() {
    let _ = host;
}
