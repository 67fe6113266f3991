use std::rc::Rc;

use sandbox_runtime::{LocalSandbox, Result, Sandbox, sandbox_api};

#[sandbox_api(host, local)]
pub trait Store {
    async fn get(&self, key: &str) -> Result<String>;
}

#[derive(Clone)]
struct Shared(Rc<str>);

#[sandbox_api(local)]
impl Store for Shared {
    async fn get(&self, _: &str) -> Result<String> {
        Ok(self.0.to_string())
    }
}

fn main() {
    let shared = Shared("a".into());
    let _ = LocalSandbox::builder().host::<dyn Store>(shared.clone()).build();
    let _ = Sandbox::builder().host::<dyn Store>(shared).build();
}
