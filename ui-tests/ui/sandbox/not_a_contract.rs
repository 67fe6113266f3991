use sandbox_runtime::{Result, Sandbox, Script};

pub trait Plain {
    fn get(&self) -> Result<String>;
}

fn main() -> Result<()> {
    let sandbox = Sandbox::builder().build()?;
    let _ = sandbox.load::<dyn Plain>(Script::new("a.js", ""));
    Ok(())
}
