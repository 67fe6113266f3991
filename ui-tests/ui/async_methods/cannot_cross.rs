use sandbox_runtime::{LocalSandbox, Result, Script, sandbox_api};

pub struct Handle;

#[sandbox_api]
pub trait Store {
    async fn open(&self, path: &str) -> Result<Handle>;
    async fn close(&self, handle: Handle) -> Result<()>;
    async fn size(&self) -> f64;
}

fn main() -> Result<()> {
    let local = LocalSandbox::builder().build()?.load::<dyn Store>(Script::new("store.js", ""))?;
    let _: &dyn Store = &local;
    Ok(())
}
