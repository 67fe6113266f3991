use sandbox_runtime::{Result, Sandbox, Script, sandbox_api};

#[sandbox_api]
pub trait Store {
    fn delete(&self, key: &str) -> Result<()>;
    fn default(&self) -> Result<()>;
    fn r#await(&self) -> Result<()>;
    fn eval(&self) -> Result<()>;
    fn then(&self) -> Result<()>;
    fn constructor(&self) -> Result<()>;
    fn __proto__(&self) -> Result<()>;
    fn count(&self) -> Result<u32>;
}

struct Mine;

impl Store for Mine {
    fn delete(&self, _: &str) -> Result<()> {
        Ok(())
    }
    fn default(&self) -> Result<()> {
        Ok(())
    }
    fn r#await(&self) -> Result<()> {
        Ok(())
    }
    fn eval(&self) -> Result<()> {
        Ok(())
    }
    fn then(&self) -> Result<()> {
        Ok(())
    }
    fn constructor(&self) -> Result<()> {
        Ok(())
    }
    fn __proto__(&self) -> Result<()> {
        Ok(())
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
