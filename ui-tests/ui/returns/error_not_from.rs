use sandbox_runtime::{Sandbox, Script, sandbox_api};

#[derive(Debug)]
pub struct Failure;

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failure")
    }
}

#[sandbox_api]
pub trait Store {
    fn get(&self) -> Result<u32, Failure>;
}

struct Mine;

impl Store for Mine {
    fn get(&self) -> Result<u32, Failure> {
        Err(Failure)
    }
}

fn later(sandbox: &Sandbox) -> Result<(), sandbox_runtime::Error> {
    let store = sandbox.load::<dyn Store>(Script::new("store.js", ""))?;
    let store: &dyn Store = &store;
    let _ = store.get();
    Ok(())
}

fn main() {
    let _ = later;
}
