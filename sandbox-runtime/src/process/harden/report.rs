//! What was done to a process, layer by layer.

use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

/// Whether guests run in a process that lacks a layer of the hardening.
///
/// Which layers there are is a matter of the system and its settings; the [`HardeningReport`] has them. It is about
/// [`Measure`]s that were asked for: [namespaces](Measure::UserNamespace) and what is bounded by a number of yours are
/// missing only where you want them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Hardening {
    /// A layer that is missing is an error, which names the layer and the reason that the system gave. No guest runs.
    /// [`Measure::Speculation`] aside, over which some processors and kernels give a process no say.
    Required,
    /// What the system has is used, and the report says what it has not. The default.
    #[default]
    BestEffort,
}

/// One layer of the hardening of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Measure {
    /// Every descriptor that the process got is closed, its channel to the host aside; standard input and output are
    /// `/dev/null`.
    Descriptors,
    /// It is in a session of its own, without a terminal.
    ProcessGroup,
    /// A user namespace of its own, which is what allows the other ones to who is not root.
    UserNamespace,
    /// A network namespace of its own: there is no network in it, not even the loopback device.
    NetworkNamespace,
    /// An IPC namespace of its own: no shared memory, semaphores or queues of others.
    IpcNamespace,
    /// It has no capabilities, even if it is run by root.
    Capabilities,
    /// Nothing that it executes gives it rights, such as a program that is set-user-id.
    NoNewPrivileges,
    /// Resources of the kernel are limited: descriptors, sizes of files, core dumps, locked memory, queues.
    Limits,
    /// The kernel refuses it memory of its own beyond what it may have and a quarter of that, and addresses beyond those that it has
    /// and 32 GiB, which bounds its page tables. The parent sees to it when the sandbox is there.
    MemoryLimit,
    /// The kernel limits its CPU time to what was asked for.
    CpuLimit,
    /// No file can be opened, no TCP port bound or connected to, no socket of an abstract name connected to and no process
    /// outside signalled, as far as this kernel's Landlock knows of these.
    Landlock,
    /// No other process of the same user can look into its memory or trace it.
    NotDumpable,
    /// It is killed when the thread ends that started it.
    DiesWithParent,
    /// The processor does not speculate for it past stores and by indirect branches that others have trained, where the kernel lets
    /// a process choose (`PR_SET_SPECULATION_CTRL`). What holds is in the report, and is no reason to refuse a guest.
    Speculation,
    /// A call of the kernel that is not on a list kills it; so does one with an argument that is not, and one that starts a thread.
    Seccomp,
}

impl Measure {
    /// All of them, in the order in which they are taken.
    pub const ALL: [Self; 15] = [
        Self::Descriptors,
        Self::ProcessGroup,
        Self::UserNamespace,
        Self::NetworkNamespace,
        Self::IpcNamespace,
        Self::Capabilities,
        Self::NoNewPrivileges,
        Self::Limits,
        Self::MemoryLimit,
        Self::CpuLimit,
        Self::Landlock,
        Self::NotDumpable,
        Self::DiesWithParent,
        Self::Speculation,
        Self::Seccomp,
    ];
}

impl Measure {
    /// Whether a process has a say in it wherever it may run: what a processor does by itself is no reason to refuse a guest.
    pub(crate) fn is_required(self) -> bool {
        self != Self::Speculation
    }
}

impl Display for Measure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Descriptors => "descriptors",
            Self::ProcessGroup => "process group",
            Self::UserNamespace => "user namespace",
            Self::NetworkNamespace => "network namespace",
            Self::IpcNamespace => "IPC namespace",
            Self::Capabilities => "capabilities",
            Self::NoNewPrivileges => "no new privileges",
            Self::Limits => "limits",
            Self::MemoryLimit => "memory limit",
            Self::CpuLimit => "CPU limit",
            Self::Landlock => "Landlock",
            Self::NotDumpable => "not dumpable",
            Self::DiesWithParent => "dies with parent",
            Self::Speculation => "speculation",
            Self::Seccomp => "seccomp",
        })
    }
}

/// What became of a [`Measure`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LayerState {
    /// It holds.
    Active {
        /// How far, such as the version of Landlock.
        detail: String,
    },
    /// It was asked for, and the system refused it.
    Unavailable {
        /// What the system said.
        reason: String,
    },
    /// It was not asked for, or it was not yet its turn.
    Off,
}

impl Display for LayerState {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Active { detail } => write!(f, "active       {detail}"),
            Self::Unavailable { reason } => write!(f, "unavailable  {reason}"),
            Self::Off => f.write_str("off"),
        }
    }
}

/// A [`Measure`], and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Layer {
    /// The measure.
    pub name: Measure,
    /// What became of it.
    pub state: LayerState,
}

/// How a process is hardened. Printed, it is a table.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HardeningReport {
    layers: Vec<Layer>,
}

impl HardeningReport {
    pub(crate) fn new() -> Self {
        Self { layers: Measure::ALL.map(|name| Layer { name, state: LayerState::Off }).into() }
    }

    pub(crate) fn set(&mut self, name: Measure, state: LayerState) {
        match self.layers.iter_mut().find(|layer| layer.name == name) {
            Some(layer) => layer.state = state,
            None => self.layers.push(Layer { name, state }),
        }
    }

    /// Each layer, in the order in which they are put on.
    #[must_use]
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// What became of one measure.
    #[must_use]
    pub fn state(&self, name: Measure) -> &LayerState {
        self.layers.iter().find(|layer| layer.name == name).map_or(&LayerState::Off, |layer| &layer.state)
    }

    /// Whether a measure holds.
    #[must_use]
    pub fn is_active(&self, name: Measure) -> bool {
        matches!(self.state(name), LayerState::Active { .. })
    }

    /// Whether every measure holds that was asked for, [`Measure::Speculation`] aside.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let is_missing =
            |layer: &Layer| layer.name.is_required() && matches!(layer.state, LayerState::Unavailable { .. });
        !self.layers.iter().any(is_missing)
    }
}

impl Display for HardeningReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, Layer { name, state }) in self.layers.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}{name:<18} {state}")?;
        }
        Ok(())
    }
}

/// Why a process is not hardened as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[non_exhaustive]
pub enum HardeningError {
    /// A layer is missing, and [`Hardening::Required`] was asked for.
    #[error("the hardening `{measure}` is required and cannot be had here: {reason}")]
    Missing {
        /// The layer.
        measure: Measure,
        /// What the system said.
        reason: String,
    },
    /// The process has other threads already, to which half of the layers would not apply.
    #[error(
        "a process is hardened before it starts a thread, and this one is not alone: {reason}. Call \
         `sandbox_runtime::process::init()` in the first line of a plain `fn main`, before a thread or a runtime is started. \
         `#[tokio::main]` starts its threads before the first line, so put it on another function: \
         `fn main() {{ sandbox_runtime::process::init(); run() }}` and `#[tokio::main] async fn run() {{ … }}`"
    )]
    Threads {
        /// What was found.
        reason: String,
    },
    /// The process that started this one has ended meanwhile.
    #[error("the process that started this one has ended")]
    Orphaned,
}
