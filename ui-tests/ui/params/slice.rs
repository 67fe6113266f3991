use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Store {
    fn get(&self, keys: [u8]) -> Result<u32>;
    fn read(&self, key: str) -> Result<u32>;
    fn count(&self) -> Result<u32>;
}

fn main() {
    let count = |store: &dyn Store| store.count();
    let _ = count;
}
