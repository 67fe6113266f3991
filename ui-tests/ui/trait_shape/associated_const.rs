use sandbox_runtime::{Result, Sandbox, Script, sandbox_api};

#[sandbox_api(guest)]
pub trait Store {
    const LIMIT: usize;
    fn count(&self) -> Result<u32>;
}

fn later(sandbox: &Sandbox) -> Result<()> {
    let store = sandbox.load::<dyn Store>(Script::new("store.js", ""))?;
    let store: &dyn Store = &store;
    store.count()?;
    Ok(())
}

fn main() {
    let _ = later;
}
