use std::cell::Cell;

use sandbox_runtime::{Result, Sandbox, sandbox_api};

#[sandbox_api(host)]
pub trait Store {
    async fn get(&self, key: &str) -> Result<u32>;
}

struct Counted(Cell<u32>);

#[sandbox_api]
impl Store for Counted {
    async fn get(&self, _: &str) -> Result<u32> {
        Ok(self.0.get())
    }
}

fn main() {
    let _ = Sandbox::builder().host::<dyn Store>(Counted(Cell::new(0))).build();
}
