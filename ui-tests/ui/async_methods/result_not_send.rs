use std::rc::Rc;

use sandbox_runtime::{LocalSandbox, Result, Script, sandbox_api};

#[sandbox_api(guest)]
pub trait Words {
    async fn words(&self) -> Result<Rc<Vec<String>>>;
}

fn main() -> Result<()> {
    let local = LocalSandbox::builder().build()?.load::<dyn Words>(Script::new("words.js", ""))?;
    let _: &dyn Words = &local;
    Ok(())
}
