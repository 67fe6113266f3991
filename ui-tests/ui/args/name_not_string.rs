use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api(name = Kv)]
pub trait Store {
    fn get(&self) -> Result<u32>;
}

fn main() {}
