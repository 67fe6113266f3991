use sandbox_runtime::{LocalSandbox, Result, Sandbox, Script, sandbox_api};

#[sandbox_api(guest, local)]
pub trait Count {
    async fn count(&self, words: Vec<String>) -> Result<u32>;
}

fn main() -> Result<()> {
    let script = Script::new("count.js", "export const count = (words) => words.length;");
    let local = LocalSandbox::builder().build()?.load::<dyn Count>(script.clone())?;
    let _: &dyn Count = &local;
    let sent = Sandbox::builder().build()?.load::<dyn Count>(script)?;
    let _: &dyn Count = &sent;
    Ok(())
}
