use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Words {
    #[sandbox(max_calls = "many")]
    fn word(&self) -> Result<u32>;
    #[sandbox(max_calls)]
    fn nothing(&self) -> Result<u32>;
    #[sandbox(max_calls = 1, max_calls = 2)]
    fn twice(&self) -> Result<u32>;
}

#[sandbox_api(guest)]
pub trait Guests {
    #[sandbox(max_calls = 1)]
    fn only(&self) -> Result<u32>;
}

fn main() {}
