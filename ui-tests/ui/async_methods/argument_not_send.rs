use std::rc::Rc;

use sandbox_runtime::{LocalSandbox, Result, Script, sandbox_api};

#[sandbox_api]
pub trait Count {
    async fn count(&self, words: Rc<Vec<String>>) -> Result<u32>;
}

fn main() -> Result<()> {
    let local = LocalSandbox::builder().build()?.load::<dyn Count>(Script::new("count.js", ""))?;
    let _: &dyn Count = &local;
    Ok(())
}
