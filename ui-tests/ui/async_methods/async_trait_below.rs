use sandbox_runtime::{Result, Sandbox, Script, sandbox_api};

#[sandbox_api]
#[sandbox_runtime::async_trait]
pub trait Store {
    async fn get(&self, key: &str) -> Result<u32>;
    fn count(&self) -> Result<u32>;
}

#[sandbox_api]
#[sandbox_runtime::async_trait(?Send)]
pub trait Clock {
    async fn now(&self) -> Result<u32>;
}

struct Mine;

#[sandbox_api]
impl Store for Mine {
    async fn get(&self, _: &str) -> Result<u32> {
        Ok(0)
    }
    fn count(&self) -> Result<u32> {
        Ok(0)
    }
}

async fn later(sandbox: &Sandbox) -> Result<()> {
    let store = sandbox.load::<dyn Store>(Script::new("store.js", ""))?;
    let store: &dyn Store = &store;
    store.get("a").await?;
    store.count()?;
    Ok(())
}

fn host() -> Result<Sandbox> {
    Sandbox::builder().host::<dyn Store>(Mine).build()
}

fn main() {
    let _ = (later, host);
}
