//! Guests in a process of their own.
//!
//! The parent of a process is the host of a link, and the child its peer: `site::wired` serves guests over any link. Here is
//! what one machine alone has. `link` joins the channel of `line`, the windows of `shared` and the limits of `guard`.
//! `spawn` and `spawner` start children, `harden` confines them, and `idle_supervisor` watches those without a call.
//!
//! A guest that exploits the engine gains a hardened process, and a guest that crashes the engine ends no other process.
//! Contracts, hosts and proxies are the same as in a thread. The builder's [`transport`](crate::Builder::transport) selects
//! the process.

mod guard;
#[cfg_attr(not(feature = "testing"), allow(unreachable_pub, reason = "tests of the process itself reach it"))]
pub(crate) mod harden;
mod idle_supervisor;
mod line;
mod link;
mod pidfd;
mod pipe_waker;
mod sandbox;
mod shared;
mod spawn;
mod spawner;
mod spin;
mod sys;
mod without_memory;

use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

pub use crate::client::{ProcessGuest, ProcessRealm, ProcessSandbox};
pub use crate::site::wired::guest::{ProcessCall, Processed};
pub use crate::site::wired::hardening::{
    Hardening, HardeningError, HardeningReport, Layer, LayerState, Measure,
};
#[doc(hidden)]
pub use sandbox::ProcessHosts;
pub use sandbox::ProcessSite;
pub(crate) use sandbox::WeakSite;

use crate::site::wired;
use crate::site::wired::call_head::SharedClock;
use crate::site::wired::link::{Connect, Windows};
use crate::site::wired::serve::{self, ServerEnd};
use crate::wire::Window;
use harden::Plan;
use shared::ChildWindow;
use spawn::{ChildSpec, SpawnOrder};
use spin::{Awake, Spin};

/// The settings of guests in a process of their own; see [`Builder::transport`](crate::Builder::transport).
#[derive(Clone, Debug, Default)]
#[must_use = "it is given to a builder's `transport`"]
pub struct Process {
    program: Option<PathBuf>,
    hardening: Hardening,
    namespaces: bool,
    memory: Option<u64>,
    grace: Option<Duration>,
    /// Guests run in a thread of this process, for tests of what all links share.
    #[cfg(feature = "testing")]
    in_memory: Option<wired::in_memory::InMemory>,
}

impl Process {
    /// Starts this very executable again. Its `main` must call [`init`] first.
    ///
    /// The `main` of `cargo test`'s own harness does not call it, so `build` refuses that executable: see
    /// [`program`](Self::program).
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts another executable of the same version of this crate: `sandbox-worker`, or one whose `main` calls [`init`].
    ///
    /// In `cargo test` there are two ways:
    ///
    /// - An integration test (a file of `tests/`) names a binary of its own package. Cargo builds it before the test. The
    ///   binary is the application's, or has three lines for this purpose.
    ///
    ///   ```ignore
    ///   // src/main.rs of the package `shop`; its first line is `sandbox_runtime::process::init();`
    ///   // tests/rules.rs
    ///   let process = Process::new().program(env!("CARGO_BIN_EXE_shop"));
    ///   let sandbox = Sandbox::builder().transport(process).build()?;
    ///   ```
    ///
    /// - A test without that harness (`harness = false` in its `[[test]]` of `Cargo.toml`) has a `main` of its own. That
    ///   `main` calls [`init`] first and then the tests, and needs no `program`.
    ///
    /// Unit tests (`#[cfg(test)]`) can do neither, because cargo gives them no binary's path. They use a
    /// [`Sandbox`](crate::Sandbox) in a thread, which behaves alike without the promises of a process.
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = Some(program.into());
        self
    }

    /// Sets whether a layer of the hardening that the system does not offer is an error. Default: [`Hardening::BestEffort`].
    pub fn hardening(mut self, hardening: Hardening) -> Self {
        self.hardening = hardening;
        self
    }

    /// Gives the process namespaces of its own, where the system allows them.
    pub fn namespaces(mut self) -> Self {
        self.namespaces = true;
        self
    }

    /// Sets the memory limit of the process, including the engine's own memory, in bytes. Default: the sum of
    /// [`Limits::heap`](crate::Limits::heap), [`Limits::buffers`](crate::Limits::buffers) and 96 MiB. At least 64 MiB.
    ///
    /// All memory counts that the machine lacks because of the process: its own pages, resident or swapped, its page tables,
    /// and both windows for long values. The memory is checked every millisecond of a call, and ten times a second between
    /// calls. During calls of `async` methods the interval is at least 16 ms. A process that exceeds the limit is killed. On
    /// Linux the kernel itself refuses pages beyond a quarter above the limit, however quick the guest is. Addresses are
    /// limited to 32 GiB beyond those that the engine has reserved.
    ///
    /// A tenant's process with a small script has 20 MiB resident, of which 2.7 MiB are its own. The rest is the program,
    /// whose pages all processes share. With ten of them, each has 7 to 9 MiB of the machine (measured on x86-64, Linux
    /// 6.18, V8; `Rss`, `Private_Dirty` and `Pss`). A spare process has 1.1 MiB of its own.
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = Some(bytes);
        self
    }

    /// Sets how long after its limit a call may still end by itself, before its process is killed as
    /// [`Death::Overdue`](crate::Death::Overdue). Default: 150 ms.
    ///
    /// A process that gets no processor for this long is killed, although its guest could have been ended. On a busy
    /// machine, a longer time keeps such sandboxes. A guest that cannot be interrupted then delays its caller by this time.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # use sandbox_runtime::{Sandbox, process::Process};
    /// let process = Process::new().grace(Duration::from_secs(1));
    /// let sandbox = Sandbox::builder().transport(process).build()?;
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// ```
    pub fn grace(mut self, time: Duration) -> Self {
        self.grace = Some(time);
        self
    }

    /// Whether it can be started, as far as a check without a start can tell.
    pub(crate) fn check(&self) -> crate::Result<()> {
        #[cfg(feature = "testing")]
        if self.in_memory.is_some() {
            return Ok(());
        }
        spawn::check(&self.seed())
    }

    /// The grace of its calls.
    fn grace_of_calls(&self) -> Duration {
        self.grace.unwrap_or(wired::GRACE)
    }

    /// Makes links to such processes.
    fn connector(&self, limits: &crate::Limits) -> crate::Result<Box<dyn Connect>> {
        #[cfg(feature = "testing")]
        if let Some(in_memory) = &self.in_memory {
            return Ok(Box::new(in_memory.clone()));
        }
        let memory = self.memory_of(limits).map_err(crate::Error::build)?;
        Ok(Box::new(link::ConnectChild { seed: self.seed(), memory }))
    }

    fn seed(&self) -> ChildSpec {
        ChildSpec {
            program: self.program.clone(),
            order: SpawnOrder { hardening: self.hardening, namespaces: self.namespaces },
        }
    }

    fn memory_of(&self, limits: &crate::Limits) -> Result<u64, String> {
        /// An engine without a guest needs a third of this.
        const LEAST: u64 = 64 << 20;
        const ENGINE: u64 = 96 << 20;
        let own = (limits.heap as u64).saturating_add(limits.buffers as u64).saturating_add(ENGINE);
        match self.memory.unwrap_or(own) {
            enough @ LEAST.. => Ok(enough),
            less => Err(format!(
                "`Process::memory` must be at least 64 MiB ({}), and is {}",
                crate::error::Amount::Bytes(LEAST),
                crate::error::Amount::Bytes(less)
            )),
        }
    }
}

/// The settings of a transport whose guests run in a thread of this process. With `can_call_back`, guests can wait for
/// synchronous host methods.
#[cfg(feature = "testing")]
#[doc(hidden)]
pub fn in_memory(can_call_back: bool) -> Process {
    Process { in_memory: Some(wired::in_memory::InMemory { can_call_back, script: None }), ..Process::new() }
}

/// The settings of a transport whose peer is a function. The function gets each frame of the host after the setup, and gives the
/// frames that the peer sends then. `None` hangs up.
#[cfg(feature = "testing")]
#[doc(hidden)]
pub fn scripted_peer(
    answers: impl Fn(wired::in_memory::RawFrame) -> Option<Vec<wired::in_memory::RawFrame>>
    + Send
    + Sync
    + 'static,
) -> Process {
    let script = Some(wired::in_memory::PeerScript(Arc::new(answers)));
    Process { in_memory: Some(wired::in_memory::InMemory { can_call_back: true, script }), ..Process::new() }
}

/// The exit code of a child that cannot get more memory: `ENOMEM`.
pub(crate) const NO_MEMORY: i32 = 12;

/// If this process was started as a guest's process, runs guests in it, and does not return. In any other process, it only
/// notes that it was called.
///
/// Call it in the first line of a plain `fn main`. No thread or runtime may have been started, because a process is hardened
/// while it has one thread. No arguments may have been parsed, because a child has its own.
///
/// ```no_run
/// sandbox_runtime::process::init();
/// // What the application does.
/// ```
///
/// `#[tokio::main]` builds its runtime, with the runtime's threads, before the first line of its function. Move the rest
/// into another function:
///
/// ```ignore
/// fn main() {
///     sandbox_runtime::process::init();
///     run();
/// }
///
/// #[tokio::main]
/// async fn run() {
///     // What the application does.
/// }
/// ```
///
/// # Errors
///
/// This function returns no errors. [`Error::Build`](crate::Error::Build) of the sandbox's builder says that the child had
/// other threads, or did not reach this call, and what to do.
pub fn init() {
    spawn::hooked();
    if let Some((order, parent)) = spawn::ordered(std::env::args_os()) {
        run(order, parent);
        sys::end();
    }
}

/// Runs the child until its end.
fn run(order: SpawnOrder, parent: u32) {
    // Standard input is the channel, which gets another descriptor.
    let Ok(channel) = std::io::stdin().as_fd().try_clone_to_owned() else { return };
    // The other two are memory, which is mapped before they are closed.
    let [to_peer, to_host] = [std::io::stdout().as_fd(), std::io::stderr().as_fd()].map(|memory| {
        let memory = memory.try_clone_to_owned().ok()?;
        ChildWindow::of(&memory).map(|window| Arc::new(window) as Arc<dyn Window>)
    });
    let windows = to_peer.zip(to_host).map(|(to_peer, to_host)| Windows { to_peer, to_host });
    let plan = Plan {
        policy: order.hardening,
        namespaces: order.namespaces,
        ..Plan::new(parent, channel.as_raw_fd())
    };
    let may_spin = Arc::<AtomicBool>::default();
    let channel = Awake::new(UnixStream::from(channel), Spin::told(may_spin.clone()));
    match harden::early(&plan) {
        Ok(mut report) => {
            let (Ok(output), Ok(console)) = (channel.try_clone(), channel.try_clone()) else { return };
            let (input, output, console) = (Box::new(channel), Box::new(output), Box::new(console));
            let clock = Some(sys::monotonic as SharedClock);
            let end = ServerEnd { input, output, console, windows, clock, may_spin };
            let ready = move |_: &crate::Limits| match harden::late(&plan, &mut report) {
                Ok(()) => Ok(Some(report)),
                Err(error) => Err(error.to_string()),
            };
            without_memory::exit();
            // The parent is gone, or has broken the protocol.
            _ = serve::serve(end, ready);
        }
        Err(error) => serve::refuse(Box::new(channel), &error.to_string()),
    }
}
