//! The report of a process's hardening, layer by layer.

use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

/// Whether guests run in a process that lacks a layer of the hardening.
///
/// The available layers depend on the system and its settings. The [`HardeningReport`] lists them. The policy is about
/// [`Measure`]s that were asked for. [Namespaces](Measure::UserNamespace), and layers with a bound of yours, are missing
/// only where you leave them out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Hardening {
    /// A missing layer is an error, which names the layer and the system's reason. No guest runs.
    /// [`Measure::Speculation`] is excepted, because some processors and kernels do not let a process choose.
    Required,
    /// Available layers are used, and the report names the missing ones. The default.
    #[default]
    BestEffort,
}

/// One layer of the hardening of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Measure {
    /// Every inherited descriptor is closed, except the channel to the host. Standard input and output are `/dev/null`.
    Descriptors,
    /// The process has a session of its own, without a terminal.
    ProcessGroup,
    /// A user namespace of its own. Without root, the other namespaces need it.
    UserNamespace,
    /// A network namespace of its own, which has no network, not even the loopback device.
    NetworkNamespace,
    /// An IPC namespace of its own: no shared memory, semaphores or queues of other processes.
    IpcNamespace,
    /// The process has no capabilities, even if root runs it.
    Capabilities,
    /// No program that it executes gains rights, such as a set-user-id program.
    NoNewPrivileges,
    /// Resources of the kernel are limited: descriptors, sizes of files, core dumps, locked memory, queues.
    Limits,
    /// The kernel refuses memory beyond the memory limit and a quarter of it. Addresses are limited to the reserved ones and
    /// 32 GiB, which bounds page tables. The parent sets these limits once the sandbox exists.
    MemoryLimit,
    /// The kernel limits its CPU time to the requested amount.
    CpuLimit,
    /// No file can be opened, and no TCP port bound or connected to. No abstract socket can be connected to, and no outside
    /// process signalled. The kernel's version of Landlock decides which of these hold.
    Landlock,
    /// No other process of the same user can read its memory or trace it.
    NotDumpable,
    /// The process is killed when the thread that started it ends.
    DiesWithParent,
    /// The processor does not speculate past stores, or by indirect branches that other processes have trained. This holds
    /// where the kernel lets a process choose (`PR_SET_SPECULATION_CTRL`). The report says what holds. A refusal does not
    /// keep a guest from running.
    Speculation,
    /// A system call that is not on a list kills the process. An argument that is not on the list, and a call that starts a
    /// thread, do the same.
    Seccomp,
}

impl Measure {
    /// All measures, in the order in which they are taken.
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
    /// Whether every process can take the measure on a suitable system. The state of a processor is no reason to refuse a
    /// guest.
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

/// The state of a [`Measure`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LayerState {
    /// The measure holds.
    Active {
        /// The extent, such as the version of Landlock.
        detail: String,
    },
    /// The measure was asked for, and the system refused it.
    Unavailable {
        /// The system's reason.
        reason: String,
    },
    /// The measure was not asked for, or was not taken yet.
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

/// A [`Measure`] and its state.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Layer {
    /// The measure.
    pub name: Measure,
    /// The state.
    pub state: LayerState,
}

/// The hardening of a process. Its `Display` is a table.
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

    /// Each layer, in the order in which the layers are taken.
    #[must_use]
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The state of one measure.
    #[must_use]
    pub fn state(&self, name: Measure) -> &LayerState {
        self.layers.iter().find(|layer| layer.name == name).map_or(&LayerState::Off, |layer| &layer.state)
    }

    /// Whether a measure holds.
    #[must_use]
    pub fn is_active(&self, name: Measure) -> bool {
        matches!(self.state(name), LayerState::Active { .. })
    }

    /// Whether every requested measure holds, except [`Measure::Speculation`].
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

/// Why a process does not have the requested hardening.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[non_exhaustive]
pub enum HardeningError {
    /// A layer is missing, and [`Hardening::Required`] was asked for.
    #[error("the hardening `{measure}` is required and not available here: {reason}")]
    Missing {
        /// The layer.
        measure: Measure,
        /// The system's reason.
        reason: String,
    },
    /// The process has other threads, to which half of the layers would not apply.
    #[error(
        "a process is hardened before it starts a thread, and this one is not alone: {reason}. Call \
         `sandbox_runtime::process::init()` in the first line of a plain `fn main`, before a thread or a runtime is started. \
         `#[tokio::main]` starts its threads before the first line, so put it on another function: \
         `fn main() {{ sandbox_runtime::process::init(); run() }}` and `#[tokio::main] async fn run() {{ … }}`"
    )]
    Threads {
        /// The state that was found.
        reason: String,
    },
    /// The process that started this one has ended.
    #[error("the process that started this one has ended")]
    Orphaned,
}
