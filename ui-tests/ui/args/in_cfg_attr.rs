use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Store {
    #[cfg_attr(unix, sandbox(rename = "read"))]
    fn get(&self) -> Result<u32>;
    #[cfg_attr(unix, must_use, cfg(target_os = "linux"))]
    fn put(&self) -> Result<u32>;
}

fn main() {}
