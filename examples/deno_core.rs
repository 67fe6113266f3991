//! A contract in a `JsRuntime` of the application's own: for scripts that the application trusts, such as its own rules. The
//! same contract, and the same script, serve in a sandbox for scripts of others.
//!
//! ```sh
//! cargo run --example deno_core
//! ```

use deno_core::{JsRuntime, RuntimeOptions, resolve_url};
use sandbox_runtime::deno::extension;
use sandbox_runtime::{Error, Result, sandbox_api};

/// The methods that the application offers. Modules import them from `sandbox:Shop`.
#[sandbox_api(host)]
pub trait Shop {
    /// The price of an item, in cents.
    fn price(&self, item: &str) -> Result<u32>;
    /// Orders an item, and returns the number of the order.
    async fn order(&self, item: &str, amount: u8) -> Result<u32>;
    /// Writes a line.
    fn print(&self, line: &str);
}

struct Corner;

#[sandbox_api]
impl Shop for Corner {
    fn price(&self, item: &str) -> Result<u32> {
        match item {
            "tea" => Ok(350),
            "cake" => Ok(480),
            _ => Err(Error::public(format!("there is no {item}"))),
        }
    }

    async fn order(&self, item: &str, amount: u8) -> Result<u32> {
        let price = self.price(item)?;
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        Ok(price * u32::from(amount))
    }

    #[allow(clippy::print_stdout, reason = "an example")]
    fn print(&self, line: &str) {
        println!("{line}");
    }
}

const SOURCE: &str = r#"
    import Shop, { order } from "sandbox:Shop";

    Shop.print(`tea is ${Shop.price("tea")} cents`);
    Shop.print(`two cakes are ${await order("cake", 2)} cents`);
    for (const wrong of [() => Shop.price("coal"), () => order("tea", 256)]) {
        try {
            await wrong();
        } catch (error) {
            Shop.print(`${error.name}: ${error.message}`);
        }
    }
"#;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut runtime = JsRuntime::new(RuntimeOptions {
        extensions: vec![extension::<dyn Shop>(Corner)?],
        ..RuntimeOptions::default()
    });
    let module = runtime.load_main_es_module_from_code(&resolve_url("shop:main")?, SOURCE).await?;
    let evaluated = runtime.mod_evaluate(module);
    runtime.run_event_loop(Default::default()).await?;
    evaluated.await?;
    Ok(())
}
