//! The runtimes of host methods and of readiness tasks, for threads that have none.

use std::io;
use std::sync::LazyLock;

use tokio::runtime::{Builder, EnterGuard, Handle, Runtime};

/// A single-threaded runtime that is kept.
fn kept(runtime: &'static LazyLock<io::Result<Runtime>>) -> io::Result<&'static Runtime> {
    runtime.as_ref().map_err(|error| io::Error::new(error.kind(), error.to_string()))
}

fn made(name: &str) -> io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(1).thread_name(name).enable_all().build()
}

/// The runtime for the host methods of callers without one.
fn for_hosts() -> io::Result<&'static Runtime> {
    static RUNTIME: LazyLock<io::Result<Runtime>> = LazyLock::new(|| made("sandbox-hosts"));
    kept(&RUNTIME)
}

/// The runtime of the readiness tasks. No code of a host runs there, because it might block.
pub(super) fn for_readiness_tasks() -> io::Result<&'static Runtime> {
    static RUNTIME: LazyLock<io::Result<Runtime>> = LazyLock::new(|| made("sandbox-readiness"));
    kept(&RUNTIME)
}

/// Gives host futures the timers and sockets of a runtime: this one, or that of the thread, or the kept one.
pub(super) fn enter(own: Option<&Handle>) -> io::Result<Option<EnterGuard<'_>>> {
    match own {
        Some(own) => Ok(Some(own.enter())),
        None if Handle::try_current().is_ok() => Ok(None),
        None => for_hosts().map(|runtime| Some(runtime.enter())),
    }
}
