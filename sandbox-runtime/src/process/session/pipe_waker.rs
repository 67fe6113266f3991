//! A waker for a thread that waits for a stream.
//!
//! The driver's thread polls the pipe together with the child's stream.

use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::{Wake, Waker};
use std::time::Duration;

use tokio::runtime::{Builder, EnterGuard, Handle, Runtime};

use crate::process::sys;

/// A waker that makes a pipe readable, so that a thread can wait for it and for a stream together.
pub(super) struct PipeWaker {
    stream_end: UnixStream,
    handle: Arc<WakeHandle>,
}

struct WakeHandle {
    is_woken: AtomicBool,
    stream: UnixStream,
}

impl Wake for WakeHandle {
    fn wake(self: Arc<Self>) {
        if !self.is_woken.swap(true, Ordering::SeqCst) {
            // There is room for one byte, unless no reader exists any more.
            _ = (&self.stream).write(&[0]);
        }
    }
}

impl PipeWaker {
    pub(super) fn new() -> io::Result<Self> {
        let (stream_end, stream) = UnixStream::pair()?;
        stream_end.set_nonblocking(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self { stream_end, handle: Arc::new(WakeHandle { is_woken: AtomicBool::default(), stream }) })
    }

    pub(super) fn waker(&self) -> Waker {
        self.handle.clone().into()
    }

    /// Readable once the waker was woken.
    pub(super) fn stream(&self) -> BorrowedFd<'_> {
        self.stream_end.as_fd()
    }

    /// Waits until the waker is woken.
    pub(super) fn wait(&self) {
        while !matches!(sys::wait_for_any(&[(self.stream(), libc::POLLIN)], Duration::MAX), Ok(true)) {}
    }

    /// Re-arms the waker. Call before checking the state, or a wake-up is lost.
    pub(super) fn rearm(&self) {
        while matches!((&self.stream_end).read(&mut [0; 8]), Ok(1..)) {}
        self.handle.is_woken.store(false, Ordering::SeqCst);
    }
}

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
