//! Starts child processes, and ends them.
//!
//! `spawner` runs [`ChildSpec`]s on its thread. A [`ChildProcess`] is killed and reaped when it is dropped.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::pidfd::{Ended, Pid};
use super::shared::{self, ParentWindow};
use super::spawner::Spawner;
use crate::error::{Error, Result};
use crate::site::wired::hardening::Hardening;

/// The first argument of a child.
pub(super) const ARGUMENT: &str = "--typed-sandbox-worker";

/// How long a child may take to answer.
pub(super) const START: Duration = Duration::from_secs(10);

/// Whether [`init`](super::init) was called in this process.
static IS_HOOKED: AtomicBool = AtomicBool::new(false);

pub(super) fn hooked() {
    IS_HOOKED.store(true, Ordering::SeqCst);
}

/// The program and the settings of a child. Two children of one spec are equal until they get their setup.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ChildSpec {
    /// The program; `None` for this process's executable.
    pub(super) program: Option<PathBuf>,
    pub(super) order: SpawnOrder,
}

/// The second argument of a child, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct SpawnOrder {
    pub(super) hardening: Hardening,
    pub(super) namespaces: bool,
}

/// A child process. The process is killed and reaped when this is dropped.
pub(super) struct ChildProcess {
    pid: Pid,
    state: Mutex<SpawnState>,
}

enum SpawnState {
    /// Not reaped; the process may have ended.
    Runs,
    /// `None` when other code of this process has reaped it.
    Ended(Option<Ended>),
}

impl SpawnState {
    fn how(&self) -> Option<Ended> {
        match self {
            Self::Runs => None,
            Self::Ended(ended) => *ended,
        }
    }
}

impl ChildProcess {
    pub(super) fn id(&self) -> u32 {
        self.pid.number()
    }

    pub(super) fn pid(&self) -> &Pid {
        &self.pid
    }

    /// Kills the process if it has not ended, and returns how it ended.
    pub(super) fn end(&self) -> Option<Ended> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let SpawnState::Runs = *state {
            let reaped = self.pid.reap(false).and_then(|ended| match ended {
                Some(ended) => Ok(Some(ended)),
                None => {
                    // A process that has ended in the meantime is reaped.
                    _ = self.pid.kill();
                    self.pid.reap(true)
                }
            });
            *state = SpawnState::Ended(reaped.ok().flatten());
        }
        state.how()
    }

    /// Kills the process without waiting for its end.
    pub(super) fn kill(&self) {
        if !self.has_ended() {
            let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if let SpawnState::Runs = *state {
                // The process may have ended in the meantime.
                _ = self.pid.kill();
            }
        }
    }

    /// How the process ended by itself; `None` when it does not end within a moment.
    pub(super) fn ended(&self) -> Option<Ended> {
        /// The kernel closes the channel of a dying process before its status can be read, and on a busy machine long before. A child
        /// that closes its channel and lives on delays its caller by no more than this.
        const MOMENT: Duration = Duration::from_secs(1);
        self.pid.wait(MOMENT, || self.has_ended());
        self.state.lock().unwrap_or_else(PoisonError::into_inner).how()
    }

    /// Whether the process has ended. An ended process is reaped.
    pub(super) fn has_ended(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let SpawnState::Runs = *state {
            match self.pid.reap(false) {
                Ok(None) => return false,
                ended => *state = SpawnState::Ended(ended.ok().flatten()),
            }
        }
        true
    }
}

impl Drop for ChildProcess {
    fn drop(&mut self) {
        self.end();
    }
}

/// A child before its setup.
pub(super) struct NewChild {
    pub(super) process: ChildProcess,
    pub(super) channel: UnixStream,
    /// The windows to the child and back; `None` where there is no such memory.
    pub(super) windows: Option<[ParentWindow; 2]>,
}

fn start(seed: &ChildSpec) -> io::Result<NewChild> {
    let (ours, theirs) = UnixStream::pair()?;
    let program = match &seed.program {
        Some(program) => program.clone(),
        None => own_executable()?,
    };
    // The child takes its windows from standard output and error.
    let (windows, given) = match (shared::make(), shared::make()) {
        (Ok((to_child, first)), Ok((to_parent, second))) => {
            (Some([to_child, to_parent]), vec![first, second])
        }
        _ => (None, Vec::new()),
    };
    let mut given = given.into_iter().map(Stdio::from);
    let order = serde_json::to_string(&seed.order)?;
    let mut command = Command::new(program);
    command.env_clear();
    // Without this variable, QuickJS runs no guest; see `guide::small_engine`.
    #[cfg(feature = "quickjs")]
    command.env("V82JSC_NO_BC_CACHE", "1");
    let child = command
        .args([ARGUMENT, &order, &std::process::id().to_string()])
        .current_dir("/")
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(given.next().unwrap_or_else(Stdio::null))
        .stderr(given.next().unwrap_or_else(Stdio::null))
        .spawn()?;
    let process = ChildProcess { pid: Pid::of(child.id()), state: Mutex::new(SpawnState::Runs) };
    Ok(NewChild { process, channel: ours, windows })
}

/// This process's executable, although another file may have its name by now.
fn own_executable() -> io::Result<PathBuf> {
    match cfg!(target_os = "linux") {
        true => Ok("/proc/self/exe".into()),
        false => std::env::current_exe(),
    }
}

/// Whether children of this spec can be started, as far as a check without a start can tell.
pub(super) fn check(seed: &ChildSpec) -> Result<()> {
    if seed.program.is_none() && !IS_HOOKED.load(Ordering::SeqCst) {
        return Err(Error::build(
            "this executable cannot be started as the process of a guest: call `sandbox_runtime::process::init()` first thing in \
             `main`, or name another program with `Process::program`, such as `sandbox-worker`",
        ));
    }
    Ok(())
}

static SPAWNER: LazyLock<Spawner<ChildSpec, NewChild>> = LazyLock::new(|| Spawner::new(start, START));

/// Reaps spare children that were ended from outside.
pub(super) fn reap_spares() {
    SPAWNER.keep_if(|new_child| !new_child.process.has_ended());
}

/// A child of this spec: a spare one, or a new one. `fresh` asks for a new one.
pub(super) fn take(seed: &ChildSpec, fresh: bool) -> Result<NewChild> {
    check(seed)?;
    SPAWNER.take(seed, fresh).map_err(|error| {
        let program =
            seed.program.as_ref().map_or_else(|| "this executable".into(), |path| path.display().to_string());
        Error::build(format!("{program} cannot be started as the process of a guest: {error}"))
    })
}

/// The arguments of this process, if it is a child: its order, and the parent's number.
pub(super) fn ordered(mut args: impl Iterator<Item = OsString>) -> Option<(SpawnOrder, u32)> {
    if args.nth(1)? != ARGUMENT {
        return None;
    }
    let order = serde_json::from_str(args.next()?.to_str()?).ok()?;
    Some((order, args.next()?.to_str()?.parse().ok()?))
}
