use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub struct Store {
    pub size: u32,
}

#[sandbox_api(name = "Kv")]
impl Store {
    pub fn get(&self) -> Result<u32> {
        Ok(self.size)
    }
}

#[sandbox_api]
pub fn get(store: &Store) -> Result<u32> {
    store.get()
}

#[sandbox_api]
pub enum Kind {
    First,
}

fn main() {}
