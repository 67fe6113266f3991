use sandbox_runtime::{Result, Sandbox, Script, sandbox_api};

#[sandbox_api]
pub trait Math {
    fn count(&self) -> Result<u32>;
}

struct Mine;

impl Math for Mine {
    fn count(&self) -> Result<u32> {
        Ok(0)
    }
}

fn later(sandbox: &Sandbox) -> Result<()> {
    let store = sandbox.load::<dyn Math>(Script::new("store.js", ""))?;
    let store: &dyn Math = &store;
    store.count()?;
    Ok(())
}

fn host() -> Result<Sandbox> {
    Sandbox::builder().host::<dyn Math>(Mine).build()
}

fn main() {
    let _ = (later, host);
}
