//! Defaults, policies and both directions, run.

use std::cell::Cell;

use sandbox_runtime::{LocalSandbox, Result, Script, sandbox_api};

#[sandbox_api]
trait Price {
    fn net(&self, amount: f64) -> Result<f64>;

    /// A guest need not export it.
    fn tax(&self, amount: f64) -> Result<f64> {
        Ok(self.net(amount)? * self.rate()?)
    }

    fn rate(&self) -> Result<f64> {
        thread_local!(static CALLS: Cell<u32> = const { Cell::new(0) });
        CALLS.set(CALLS.get() + 1);
        Ok(f64::from(CALLS.get()))
    }
}

#[sandbox_api(guest)]
trait Score {
    #[sandbox(on_failure = default)]
    fn zero(&self) -> u32;
    #[sandbox(on_failure = value(bonus * 2))]
    fn double(&self, bonus: u32) -> u32;
    #[sandbox(on_failure = value(String::from("none")), rename = "text")]
    fn word(&self, of: &str) -> String;
    #[sandbox(on_failure = panic)]
    fn must(&self);
}

struct Fixed;

impl Price for Fixed {
    fn net(&self, amount: f64) -> Result<f64> {
        Ok(amount - 1.0)
    }
    fn rate(&self) -> Result<f64> {
        Ok(0.5)
    }
}

#[sandbox_api(guest)]
trait Through {
    fn run(&self) -> Result<f64>;
}

fn main() -> Result<()> {
    let sandbox = LocalSandbox::builder().host::<dyn Price>(Fixed).build()?;
    defaults(&sandbox)?;
    policies(&sandbox)?;
    let through = sandbox.load::<dyn Through>(Script::new("host.js", "export const run = () => Price.tax(3) + Price.rate();"))?;
    assert_eq!(through.run()?, 1.5);
    Ok(())
}

fn defaults(sandbox: &LocalSandbox) -> Result<()> {
    let least = sandbox.load::<dyn Price>(Script::new("least.js", "export const net = (amount) => amount;"))?;
    assert_eq!((least.rate()?, least.rate()?), (1.0, 2.0));
    assert_eq!(least.tax(10.0)?, 30.0);
    // The default body of `tax` reaches what the guest exports.
    let source = "export const net = (amount) => amount; export const rate = () => 0.25;";
    let some = sandbox.load::<dyn Price>(Script::new("some.js", source))?;
    let some: &dyn Price = &some;
    assert_eq!((some.rate()?, some.tax(10.0)?), (0.25, 2.5));
    Ok(())
}

fn policies(sandbox: &LocalSandbox) -> Result<()> {
    let source = "const fail = () => { throw new Error('no') }; export { fail as zero, fail as double, fail as text, fail as must };";
    let score = sandbox.load::<dyn Score>(Script::new("score.js", source))?;
    assert_eq!((score.zero(), score.double(4), score.word("a")), (0, 8, "none".to_owned()));
    std::panic::set_hook(Box::new(|_| {}));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| score.must()));
    assert!(panicked.is_err());
    Ok(())
}
