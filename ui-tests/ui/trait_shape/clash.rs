use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Store {
    fn get_user(&self) -> Result<u32>;
    #[allow(non_snake_case)]
    fn getUser(&self) -> Result<u32>;
    #[sandbox(rename = "getUser")]
    fn read_user(&self) -> Result<u32>;
    #[allow(non_snake_case)]
    fn getuser(&self) -> Result<u32>;
}

fn main() {}
