use std::rc::Rc;

use sandbox_runtime::{Result, Sandbox, sandbox_api};

#[sandbox_api(host)]
pub trait Store {
    async fn get(&self, key: &str) -> Result<u32>;
}

struct Mine;

#[sandbox_api]
impl Store for Mine {
    async fn get(&self, key: &str) -> Result<u32> {
        let held = Rc::new(key.len());
        std::future::ready(()).await;
        Ok(*held as u32)
    }
}

fn main() {
    let _ = Sandbox::builder().host::<dyn Store>(Mine).build();
}
