//! A plugin of several files, which is read from a folder and runs behind a trait.
//!
//! ```sh
//! cargo run --example plugin
//! ```

use sandbox_runtime::{Error, Modules, Result, Sandbox, Script, sandbox_api};

#[sandbox_api(guest)]
pub trait Discount {
    fn discount(&self, customer: &str, total: f64) -> Result<f64>;
    fn terms(&self) -> Result<String>;
}

fn main() -> Result<()> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/plugin");
    let modules = Modules::from_folder(folder)?.import("round", "lib/round.cjs");
    let files = modules.names().map(str::to_owned).collect::<Vec<_>>();
    println!("the plugin has {}", files.join(", "));

    let sandbox = Sandbox::builder().build()?;
    if sandbox_runtime::Engine::CURRENT != sandbox_runtime::Engine::V8 {
        return Ok(());
    }
    let plugin = sandbox.load::<dyn Discount>(Script::modules(modules, "main.js")?)?;
    println!("a vip saves {}", plugin.discount("vip", 99.99)?);
    assert_eq!(plugin.discount("vip", 99.99)?, 10.0);
    assert_eq!(plugin.discount("new", 99.99)?, 0.0);
    assert_eq!(plugin.terms()?, "No cash value.");

    // An import of what is no file of the plugin says where it is, and what to do.
    let other = Modules::new().file("main.js", "import fs from 'node:fs';");
    let Err(Error::Guest(thrown)) = sandbox.eval(Script::modules(other, "main.js")?) else {
        panic!("it is refused")
    };
    println!("{thrown}");
    Ok(())
}
