//! [`Limits`]: bounds on what a guest may use.
//!
//! `Builder::build` checks their ranges. The engine, the boundary and the sites enforce them.

use std::time::Duration;

use crate::error::{Amount, Error, Excess, LimitKind, Place};
use crate::stack::LEAST as LEAST_STACK;

/// Bounds on what a guest may use. Everything has a default, so set only what differs:
///
/// ```
/// use std::time::Duration;
/// use sandbox_runtime::Limits;
///
/// let limits = Limits { wall: Duration::from_millis(50), heap: 16 << 20, ..Limits::default() };
/// # assert_eq!(limits.value_depth, 128);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Wall time of one call from the host, or of the evaluation of a script. Calls of host methods are included. From 1 ms
    /// to one day. Default: 1 second.
    pub wall: Duration,
    /// CPU time of one call, on the clock of the isolate's thread. Waiting does not count, and host methods that compute do.
    /// At least 1 ms. [`Duration::MAX`], the default, sets no limit beside [`wall`](Self::wall).
    ///
    /// The watchdog reads it every 2 ms. Only Linux has clocks of threads that the watchdog reads. On other systems this limit counts
    /// the time for which the call runs, waiting for host methods included.
    pub cpu: Duration,
    /// CPU time of all calls of a sandbox together. Beyond it no call is made until the sandbox is
    /// reset (`Sandbox::reset`). Default: [`Duration::MAX`], no limit.
    pub total_cpu: Duration,
    /// Size of the JavaScript heap, in bytes. At least 8 MiB. Default: 64 MiB.
    ///
    /// V8 notices that the limit is near at its next collection, so the heap can be larger for a moment.
    pub heap: usize,
    /// Memory of all ArrayBuffers that guests make or receive, in bytes. The heap does not include it. Default: 64 MiB.
    ///
    /// Beyond it, the guest's `new ArrayBuffer` throws a RangeError, and `Bytes` do not cross. A resizable buffer counts with its
    /// greatest length, `maxByteLength`. On QuickJS, buffers are part of the heap, and a sandbox with less than
    /// [`heap`](Self::heap) here is not built.
    pub buffers: usize,
    /// Stack that JavaScript may use, in bytes. From 512 KiB to 64 MiB. Default: 1 MiB, about 10,000 plain calls.
    /// The last 192 KiB are for JavaScript alone: a call of the host that begins there is refused.
    ///
    /// In a `LocalSandbox`, the stack that the thread has left at build time is a bound too.
    pub stack: usize,
    /// Length of a script, in bytes of UTF-8. Default: 4 MiB. On V8, each text that `eval` or a constructor of functions
    /// compiles has the same limit.
    pub script_bytes: usize,
    /// Calls of host methods that the guest may make in one call. Default: 10,000,000. For one method alone, set
    /// `#[sandbox(max_calls = 100)]`.
    pub host_calls: u64,
    /// Calls of `async` host methods that one call of the guest may have pending at once. Default: 1,000.
    pub pending: usize,
    /// Handles that are live at once: objects of the host that the guests of a sandbox hold, and objects and functions of the
    /// guests that the host holds. Default: 10,000.
    pub handles: usize,
    /// Output of the guest to its console in one call, in bytes of UTF-8. A console that captures keeps as much. Further
    /// lines are dropped and counted. Default: 64 KiB.
    pub console_bytes: usize,
    /// Values in one crossing, including those inside of collections. Default: 100,000, which is 20,000 rows of three or
    /// four fields.
    ///
    /// A collection of the guest counts as its contents, and at least as a minimum. The minimum of an Array or an object is
    /// 4 values. That of a Map (keys and values) or a Set is 8. So `n` rows of `m` fields, four or more, are `n * (m + 1)`
    /// values.
    pub value_nodes: usize,
    /// Bytes of text and of `Bytes` in one crossing. Default: 16 MiB.
    pub value_bytes: usize,
    /// Length of one text that crosses. A text from the guest counts UTF-16 units, and a text to the guest counts bytes of
    /// UTF-8. Default: 16 Mi, so that only `value_bytes` bounds it.
    pub value_text: usize,
    /// Elements, entries or fields of one collection that crosses. Default: 100,000, so that only
    /// `value_nodes` bounds it.
    pub value_items: usize,
    /// Collections inside of collections in one crossing. At most 256. Default: 128.
    pub value_depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall: Duration::from_secs(1),
            cpu: Duration::MAX,
            total_cpu: Duration::MAX,
            heap: 64 << 20,
            buffers: 64 << 20,
            stack: 1 << 20,
            script_bytes: 4 << 20,
            host_calls: 10_000_000,
            pending: 1_000,
            handles: 10_000,
            console_bytes: 64 << 10,
            value_nodes: 100_000,
            value_bytes: 16 << 20,
            value_text: 16 << 20,
            value_items: 100_000,
            value_depth: 128,
        }
    }
}

impl Limits {
    /// The limits for values that are paid for already.
    #[doc(hidden)]
    pub fn with_values_paid(self) -> Self {
        // More than any crossing has.
        let most = usize::MAX;
        Self { value_nodes: most, value_bytes: most, value_text: most, value_items: most, ..self }
    }

    /// The error of an exceeded limit.
    #[doc(hidden)]
    pub fn exceeded(&self, kind: LimitKind, place: Option<&Place>) -> Error {
        self.excess(kind).error(place)
    }

    /// A limit and its value, for an error.
    #[doc(hidden)]
    pub fn excess(&self, kind: LimitKind) -> Excess {
        let bytes = |bytes: usize| Some(Amount::Bytes(bytes as u64));
        let (setting, limit) = match kind {
            LimitKind::Wall => ("Limits::wall", Some(Amount::Time(self.wall))),
            LimitKind::Cpu => ("Limits::cpu", Some(Amount::Time(self.cpu))),
            LimitKind::TotalCpu => ("Limits::total_cpu", Some(Amount::Time(self.total_cpu))),
            LimitKind::Heap => ("Limits::heap", bytes(self.heap)),
            LimitKind::Buffers => ("Limits::buffers", bytes(self.buffers)),
            LimitKind::Stack => ("Limits::stack", bytes(self.stack)),
            LimitKind::Script => ("Limits::script_bytes", bytes(self.script_bytes)),
            LimitKind::HostCalls => ("Limits::host_calls", Some(Amount::Count(self.host_calls))),
            LimitKind::Deadline => ("with_deadline", None),
            LimitKind::Pending => ("Limits::pending", Some(Amount::Count(self.pending as u64))),
            LimitKind::Handles => ("Limits::handles", Some(Amount::Count(self.handles as u64))),
        };
        Excess::new(kind, setting, limit)
    }

    /// Refuses limits that no sandbox can be built with.
    #[doc(hidden)]
    pub fn check(&self) -> Result<(), String> {
        let time = |time: Duration| Amount::Time(time).to_string();
        let bytes = |bytes: usize| Amount::Bytes(bytes as u64).to_string();
        let ms = Duration::from_millis(1);
        let rules = [
            (self.wall >= ms, "wall", "at least 1 ms", time(self.wall)),
            (
                self.wall <= Duration::from_secs(86_400),
                "wall",
                "at most one day (86,400,000 ms)",
                time(self.wall),
            ),
            (self.cpu >= ms, "cpu", "at least 1 ms", time(self.cpu)),
            (self.total_cpu >= ms, "total_cpu", "at least 1 ms", time(self.total_cpu)),
            (self.heap >= 8 << 20, "heap", "at least 8 MiB (8,388,608 bytes)", bytes(self.heap)),
            (self.stack >= LEAST_STACK, "stack", "at least 512 KiB (524,288 bytes)", bytes(self.stack)),
            (self.stack <= 64 << 20, "stack", "at most 64 MiB (67,108,864 bytes)", bytes(self.stack)),
            (self.value_depth <= 256, "value_depth", "at most 256", self.value_depth.to_string()),
        ];
        match rules.into_iter().find(|(holds, ..)| !holds) {
            Some((_, name, rule, given)) => Err(format!("`Limits::{name}` must be {rule}, and is {given}")),
            None => Ok(()),
        }
    }
}
