use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api(guest)]
pub trait Store {
    fn each(&self, boxed: Box<dyn Fn(u32) -> u32>, lent: &dyn FnMut(), own: impl FnOnce(String), plain: fn(u32) -> u32) -> Result<u32>;
    fn count(&self) -> Result<u32>;
}

fn main() {}
