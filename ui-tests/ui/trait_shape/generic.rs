use sandbox_runtime::{Result, Sandbox, Script, sandbox_api};

#[sandbox_api]
pub trait Store<K, V: Clone> {
    fn get(&self, key: K) -> Result<V>;
    fn count(&self) -> Result<u32>;
}

struct Mine;

impl Store<u32, String> for Mine {
    fn get(&self, _: u32) -> Result<String> {
        Ok(String::new())
    }
    fn count(&self) -> Result<u32> {
        Ok(0)
    }
}

fn later(sandbox: &Sandbox) -> Result<()> {
    let store = sandbox.load::<dyn Store<u32, String>>(Script::new("store.js", ""))?;
    let store: &dyn Store<u32, String> = &store;
    store.count()?;
    Ok(())
}

fn host() -> Result<Sandbox> {
    Sandbox::builder().host::<dyn Store<u32, String>>(Mine).build()
}

fn main() {
    let _ = (later, host);
}
