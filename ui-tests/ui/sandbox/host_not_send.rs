use std::rc::Rc;

use sandbox_runtime::{LocalSandbox, Result, Sandbox, sandbox_api};

#[sandbox_api(host)]
pub trait Store {
    fn get(&self, key: &str) -> Result<String>;
}

#[derive(Clone)]
struct Shared(Rc<str>);

impl Store for Shared {
    fn get(&self, _: &str) -> Result<String> {
        Ok(self.0.to_string())
    }
}

fn main() {
    let shared = Shared("a".into());
    let _ = LocalSandbox::builder().host::<dyn Store>(shared.clone()).build();
    let _ = Sandbox::builder().host::<dyn Store>(shared).build();
}
