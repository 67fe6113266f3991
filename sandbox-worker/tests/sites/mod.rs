//! Programs that run at every site.

#![allow(dead_code, unused_macros, reason = "each test file uses a part")]

use std::time::Duration;

use sandbox_runtime::process::Process;

/// The time that a child has to end a guest itself: far more than it needs on a busy machine, and less than turns take together.
const GRACE: Duration = Duration::from_secs(1);

/// The links that a session may have: to a process, with shared memory and a shared clock; and to a thread, with neither.
pub(crate) fn links() -> [(&'static str, Process); 2] {
    let process = Process::new().program(env!("CARGO_BIN_EXE_sandbox-worker"));
    [("in a process", process.grace(GRACE)), ("over pipes in memory", in_memory())]
}

/// A link over pipes in memory, to a thread.
pub(crate) fn in_memory() -> Process {
    sandbox_runtime::testing::in_memory(true).grace(GRACE)
}

/// A runtime whose tasks run on the thread that waits for them.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Runs the same with a sandbox in a thread and with one at the end of each link, and gives what it gives.
macro_rules! alike {
    (|$builder:ident| $built:expr, |$sandbox:ident| $body:expr) => {{
        let here = {
            let $builder = sandbox_runtime::Sandbox::builder();
            let $sandbox = $built.build().unwrap();
            $body
        };
        for (site, link) in crate::sites::links() {
            let away = {
                let $builder = sandbox_runtime::Sandbox::builder().transport(link);
                let $sandbox = $built.build().unwrap();
                $body
            };
            assert_eq!(here, away, "in a thread, and {site}");
        }
        here
    }};
}
