//! Guests in a process of their own.
//!
//! What the engine cannot promise inside of a process, another process can: a guest that takes it down takes nothing else. The
//! contracts, the hosts and the proxies are the same; the builder is told [`transport`](crate::Builder::transport).

mod child;
mod fault;
pub(crate) mod frame;
mod guard;
mod guest;
#[cfg_attr(not(feature = "testing"), allow(unreachable_pub, reason = "tests of the process itself reach it"))]
pub(crate) mod harden;
mod idle_supervisor;
mod line;
mod message;
mod pidfd;
mod realms;
mod sandbox;
mod session;
mod shared;
mod spawn;
mod spawner;
mod spin;
mod sys;
pub(crate) mod wire;

use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use guest::{ProcessCall, ProcessGuest, Processed};
pub use harden::{Hardening, HardeningError, HardeningReport, Layer, LayerState, Measure};
pub use realms::ProcessRealm;
pub use sandbox::ProcessSandbox;
pub(crate) use sandbox::WeakSandbox;

use harden::Plan;
use shared::ChildWindow;
use spawn::{ChildSpec, SpawnOrder};
use wire::Window;

/// How guests are run in a process of their own; see [`Builder::transport`](crate::Builder::transport).
#[derive(Clone, Debug, Default)]
#[must_use = "it is given to a builder's `transport`"]
pub struct Process {
    program: Option<PathBuf>,
    hardening: Hardening,
    namespaces: bool,
    memory: Option<u64>,
    grace: Option<Duration>,
}

impl Process {
    /// This very executable, started again. Its `main` calls [`init`] first thing.
    ///
    /// The `main` of `cargo test`'s own harness does not, so `build` refuses it there: see [`program`](Self::program).
    pub fn new() -> Self {
        Self::default()
    }

    /// Another executable: `sandbox-worker`, or one whose `main` calls [`init`] as well, of the same version of this crate.
    ///
    /// In `cargo test` there are two ways:
    ///
    /// - An integration test (a file of `tests/`) names a binary of its own package, which cargo builds before it: the
    ///   application's, or one of three lines for this purpose.
    ///
    ///   ```ignore
    ///   // src/main.rs of the package `shop`; its first line is `sandbox_runtime::process::init();`
    ///   // tests/rules.rs
    ///   let process = Process::new().program(env!("CARGO_BIN_EXE_shop"));
    ///   let sandbox = Sandbox::builder().transport(process).build()?;
    ///   ```
    ///
    /// - A test without that harness (`harness = false` in its `[[test]]` of `Cargo.toml`) has a `main` of its own. It calls [`init`]
    ///   first thing and then what it tests, and needs no `program`.
    ///
    /// Unit tests (`#[cfg(test)]`) can do neither, for cargo tells them of no binary. They take a [`Sandbox`](crate::Sandbox) in a
    /// thread, which does the same but for the promises of a process.
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = Some(program.into());
        self
    }

    /// Whether a layer of the hardening that the system does not offer is an error; [`Hardening::BestEffort`] when not called.
    pub fn hardening(mut self, hardening: Hardening) -> Self {
        self.hardening = hardening;
        self
    }

    /// Namespaces of its own for the process, where the system allows them.
    pub fn namespaces(mut self) -> Self {
        self.namespaces = true;
        self
    }

    /// How much memory the process may have in all, in bytes, with the engine's own; the sum of
    /// [`Limits::heap`](crate::Limits::heap), [`Limits::buffers`](crate::Limits::buffers) and 96 MiB when not called. At least 64 MiB.
    ///
    /// All counts that the machine has less of because of the process: pages of its own, resident or swapped, its page tables, and both
    /// windows for long values, whoever wrote to them. It is looked at every millisecond of a call (every 16 at least of one of an
    /// `async` method), and ten times a second between calls, and whoever has more is killed. On Linux
    /// the kernel itself gives the process no more pages than a quarter beyond it, however quick it is, and no more addresses than 32 GiB
    /// beyond those that the engine has reserved.
    ///
    /// A tenant's process with a small script has 20 MiB resident, of which 2.7 MiB are its own. The rest is the program, whose pages all
    /// processes share: with ten of them each has 7 to 9 MiB of the machine (measured on x86-64, Linux 6.18, V8; `Rss`,
    /// `Private_Dirty` and `Pss`). The one that is kept ready has 1.1 MiB of its own.
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = Some(bytes);
        self
    }

    /// How long after its limit a call may still end by itself, before its process is killed as
    /// [`Death::Overdue`](crate::Death::Overdue); 150 ms when not called.
    ///
    /// A process that gets no processor for so long is killed although its guest could have been ended. On a machine with much other
    /// work a longer time keeps such sandboxes; a guest that cannot be interrupted holds its caller up for as long.
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

    /// Whether it can be started, as far as that is known without trying.
    pub(crate) fn check(&self) -> crate::Result<()> {
        spawn::check(&self.seed())
    }

    fn seed(&self) -> ChildSpec {
        ChildSpec {
            program: self.program.clone(),
            order: SpawnOrder { hardening: self.hardening, namespaces: self.namespaces },
        }
    }

    fn memory_of(&self, limits: &crate::Limits) -> Result<u64, String> {
        /// An engine without a guest has a third of it.
        const LEAST: u64 = 64 << 20;
        const ENGINE: u64 = 96 << 20;
        let own = (limits.heap as u64).saturating_add(limits.buffers as u64).saturating_add(ENGINE);
        match self.memory.unwrap_or(own) {
            enough @ LEAST.. => Ok(enough),
            _ => Err(format!("`Process::memory` must be at least 64 MiB ({LEAST} bytes)")),
        }
    }
}

/// The code with which a child exits that cannot have more memory: `ENOMEM`.
pub(crate) const NO_MEMORY: i32 = 12;

/// Makes this process the one of a guest, if it was started as that; then it does not return. In any other process it does nothing
/// but note that it was called.
///
/// Call it in the first line of a plain `fn main`: before a thread or a runtime is started, for a process is hardened while it has one
/// thread, and before arguments are parsed, for a child has its own.
///
/// ```no_run
/// sandbox_runtime::process::init();
/// // What the application does.
/// ```
///
/// `#[tokio::main]` builds its runtime, with the runtime's threads, before the first line of its function. It goes on another one:
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
/// There are none here, but where a sandbox is built: [`Error::Build`](crate::Error::Build) says that the child was not alone, or did
/// not come as far as this, and what to do.
pub fn init() {
    spawn::hooked();
    if let Some((order, parent)) = spawn::ordered(std::env::args_os()) {
        run(order, parent);
        sys::end();
    }
}

/// The child, from its first moment to its last.
fn run(order: SpawnOrder, parent: u32) {
    // Standard input is the channel, which is kept elsewhere.
    let Ok(channel) = std::io::stdin().as_fd().try_clone_to_owned() else { return };
    // And the other two are memory, which is mapped before they are closed.
    let windows = [std::io::stdout().as_fd(), std::io::stderr().as_fd()].map(|memory| {
        let memory = memory.try_clone_to_owned().ok()?;
        ChildWindow::of(&memory).map(|window| Arc::new(window) as Arc<dyn Window>)
    });
    let plan = Plan {
        policy: order.hardening,
        namespaces: order.namespaces,
        ..Plan::new(parent, channel.as_raw_fd())
    };
    let channel = UnixStream::from(channel);
    match harden::early(&plan) {
        Ok(mut report) => {
            let ready = move |_: &crate::Limits| match harden::late(&plan, &mut report) {
                Ok(()) => Ok(report),
                Err(error) => Err(error.to_string()),
            };
            // Whoever started it is gone, or says what nobody of this crate says.
            _ = child::serve(channel, windows, ready);
        }
        Err(error) => child::refuse(channel, &error.to_string()),
    }
}
