use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Store<const N: usize> {
    fn get(&self) -> Result<[u32; N]>;
}

fn main() {}
