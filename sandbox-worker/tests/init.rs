//! Where `process::init()` is called: the pattern of its documentation, and a program that has not come as far.

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, reason = "tests")]

use sandbox_runtime::process::Process;
use sandbox_runtime::{Error, Result, Sandbox, Script, process, sandbox_api};

#[sandbox_api(guest)]
pub trait Rule {
    fn price(&self, n: f64) -> Result<f64>;
    async fn later(&self, n: f64) -> Result<f64>;
}

const SOURCE: &str = "export const price = (n) => 2 * n; export const later = async (n) => 3 * n;";

fn main() {
    process::init();
    // Whoever lists tests finds none.
    if !std::env::args().any(|argument| argument == "--list") {
        run();
    }
}

#[tokio::main]
async fn run() {
    let sandbox = Sandbox::builder().transport(Process::new()).build().unwrap();
    let rule = sandbox.load_async::<dyn Rule>(Script::new("rule.js", SOURCE)).await.unwrap();
    assert_eq!(rule.later(2.0).await.unwrap(), 6.0);
    println!("test under-a-runtime-that-init-came-before ... ok");
    // Somebody parses arguments first, and ends.
    let built = Sandbox::builder().transport(Process::new().program("/bin/false")).build().map(drop);
    let Err(Error::Build { reason: message, .. }) = &built else { panic!("{built:?}") };
    assert!(message.contains("exit") && message.contains("`sandbox_runtime::process::init()`"), "{message}");
    assert!(message.contains("before arguments are parsed"), "{message}");
    println!("test a-program-that-ends-before-init ... ok");
}
