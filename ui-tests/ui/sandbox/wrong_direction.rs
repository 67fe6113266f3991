use sandbox_runtime::{Result, Sandbox, Script, sandbox_api};

#[sandbox_api(host)]
pub trait Store {
    fn get(&self) -> String;
}

fn main() -> Result<()> {
    let sandbox = Sandbox::builder().build()?;
    let _ = sandbox.load::<dyn Store>(Script::new("a.js", ""));
    Ok(())
}
