use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api("Store")]
pub trait First {
    fn get(&self) -> Result<u32>;
}

#[sandbox_api(name("Store"))]
pub trait Second {
    fn get(&self) -> Result<u32>;
}

#[sandbox_api(guest,, name = "Store")]
pub trait Third {
    fn get(&self) -> Result<u32>;
}

fn main() {}
