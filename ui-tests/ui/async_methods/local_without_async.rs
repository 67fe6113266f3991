use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api(guest, local)]
pub trait Store {
    fn count(&self) -> Result<u32>;
}

#[sandbox_api(local = true)]
pub trait Clock {
    async fn now(&self) -> Result<u32>;
}

fn main() {}
