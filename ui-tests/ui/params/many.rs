use std::sync::mpsc::Receiver;
use std::time::Instant;

use sandbox_runtime::{Result, Sandbox, Script, sandbox_api};

pub struct Handle(*const u8);

#[sandbox_api]
pub trait Store {
    fn first(&self, a: &Handle, b: Handle) -> Result<()>;
    fn second(&self, a: Receiver<u32>, b: Instant) -> Result<Handle>;
    fn count(&self) -> Result<u32>;
}

struct Mine;

impl Store for Mine {
    fn first(&self, _: &Handle, _: Handle) -> Result<()> {
        Ok(())
    }
    fn second(&self, _: Receiver<u32>, _: Instant) -> Result<Handle> {
        Ok(Handle(std::ptr::null()))
    }
    fn count(&self) -> Result<u32> {
        Ok(0)
    }
}

fn later(sandbox: &Sandbox) -> Result<()> {
    let store = sandbox.load::<dyn Store>(Script::new("store.js", ""))?;
    let store: &dyn Store = &store;
    store.count()?;
    Ok(())
}

fn host() -> Result<Sandbox> {
    Sandbox::builder().host::<dyn Store>(Mine).build()
}

fn main() {
    let _ = (later, host);
}
