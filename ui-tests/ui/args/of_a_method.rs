use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api(rename = "Kv")]
pub trait First {
    fn get(&self) -> Result<u32>;
}

#[sandbox_api(on_failure = panic)]
pub trait Second {
    fn get(&self) -> Result<u32>;
}

fn main() {}
