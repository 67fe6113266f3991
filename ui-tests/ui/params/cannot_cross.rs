use sandbox_runtime::{Result, Sandbox, Script, sandbox_api};

pub struct Handle(*const u8);

#[sandbox_api]
pub trait Store {
    fn get(&self, key: &str, handle: Handle, times: u32) -> Result<u32>;
    fn count(&self) -> Result<u32>;
}

struct Mine;

impl Store for Mine {
    fn get(&self, _: &str, _: Handle, _: u32) -> Result<u32> {
        Ok(0)
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
