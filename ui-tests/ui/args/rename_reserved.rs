use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Store {
    #[sandbox(rename = "delete")]
    fn remove(&self) -> Result<u32>;
}

fn main() {}
