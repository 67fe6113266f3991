use sandbox_runtime::{Result, Sandbox, Script, sandbox_api};

#[sandbox_api]
pub unsafe trait Store: Clone {
    type Key;
    fn new() -> Result<Self>;
    fn get<T>(&mut self, (a, b): (u32, T)) -> Result<&str>;
    async fn delete(self, keys: impl Iterator<Item = u32>) -> impl ToString;
    fn count(&self) -> Result<u32>;
}

struct Mine;

#[sandbox_api]
unsafe impl Store for Mine {
    type Key = u32;
    fn new() -> Result<Self> {
        Ok(Mine)
    }
    fn get<T>(&mut self, _: (u32, T)) -> Result<&str> {
        Ok("")
    }
    async fn delete(self, _: impl Iterator<Item = u32>) -> String {
        String::new()
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
