//! `process::init()` under `#[tokio::main]`: whoever builds a sandbox is told how to put it right.

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, reason = "tests")]

use sandbox_runtime::process::Process;
use sandbox_runtime::{Error, Sandbox, process};

// Not like this: the runtime has its threads before the first line.
#[tokio::main]
async fn main() {
    process::init();
    // Whoever lists tests finds none.
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    let built = Sandbox::builder().transport(Process::new()).build().map(drop);
    let Err(error @ Error::Build { .. }) = &built else { panic!("{built:?}") };
    let message = error.to_string();
    for said in
        ["not alone: it has", "plain `fn main`", "fn main() { sandbox_runtime::process::init(); run() }"]
    {
        assert!(message.contains(said), "{said}: {message}");
    }
    println!("test init-under-a-runtime ... {message}");
}
