use sandbox_runtime::{Result, LocalSandbox, Script, sandbox_api};

#[sandbox_api(host)]
pub trait Clock {
    fn now(&self) -> f64;
}

fn main() -> Result<()> {
    let sandbox = LocalSandbox::builder().build()?;
    sandbox.load::<dyn Clock>(Script::new("clock.js", ""))?;
    Ok(())
}
