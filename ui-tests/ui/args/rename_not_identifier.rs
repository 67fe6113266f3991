use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Store {
    #[sandbox(rename = "get user")]
    fn get_user(&self) -> Result<u32>;
    #[sandbox(rename = "")]
    fn put_user(&self) -> Result<u32>;
}

fn main() {}
