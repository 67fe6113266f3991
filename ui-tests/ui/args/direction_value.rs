use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api(guest = true)]
pub trait Store {
    fn get(&self) -> Result<u32>;
}

fn main() {}
