//! The link to a child process, on the parent's side: its stream, its shared memory, its limits and its end.

use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::unix::AsyncFd;

use super::guard::Guard;
use super::line::ParentChannel;
use super::pipe_waker::PipeWaker;
use super::spawn::{self, ChildProcess, ChildSpec, START};
use super::{NO_MEMORY, idle_supervisor, spin, sys};
use crate::error::{Death, Error, Result};
use crate::isolate::clock;
use crate::site::wired::call_head::SharedClock;
use crate::site::wired::channel::Framed;
use crate::site::wired::hardening::{
    Hardening, HardeningError, HardeningReport, LayerState as Layer, Measure,
};
use crate::site::wired::link::{Arrivals, Connect, Frames, Interest, Keeper, Link, Windows};
use crate::time::{Deadline, Nanos};

/// How long a spare child may take to answer.
const READY: Duration = Duration::from_secs(2);

/// Starts children of one spec.
pub(super) struct ConnectChild {
    pub(super) seed: ChildSpec,
    /// The memory limit, in bytes.
    pub(super) memory: u64,
}

impl Connect for ConnectChild {
    fn connect(&self, fresh: bool, longest: usize) -> Result<Arc<dyn Link>> {
        let new_child = spawn::take(&self.seed, fresh)?;
        let process = Arc::new(new_child.process);
        let windows = new_child.windows.map(|[to_child, to_parent]| Windows {
            to_peer: Arc::new(to_child),
            to_host: Arc::new(to_parent),
        });
        let limit = Nanos::of(if fresh { START } else { READY });
        let until = Deadline::after(clock::now(), limit);
        let guard = Guard::new(process.pid(), self.memory, windows.clone(), until);
        let no_channel =
            |error: io::Error| Error::build(format!("the channel to the child cannot be made: {error}"));
        let poll_stream = new_child.channel.try_clone().map_err(no_channel)?;
        let (input, output) = ParentChannel::pair(new_child.channel, &guard).map_err(no_channel)?;
        Ok(Arc::new(ChildLink {
            frames: Framed::new(input, output, longest),
            guard,
            process,
            windows,
            poll_stream,
            interrupts: OnceLock::new(),
            report: OnceLock::new(),
            policy: self.seed.order.hardening,
            is_fresh: fresh,
        }))
    }
}

struct ChildLink {
    frames: Framed<ParentChannel>,
    guard: Arc<Guard>,
    process: Arc<ChildProcess>,
    windows: Option<Windows>,
    /// The stream, for waiting until it is readable.
    poll_stream: UnixStream,
    /// Made for the first driver's thread.
    interrupts: OnceLock<io::Result<PipeWaker>>,
    report: OnceLock<HardeningReport>,
    policy: Hardening,
    is_fresh: bool,
}

impl ChildLink {
    fn interrupts(&self) -> io::Result<&PipeWaker> {
        let made = self.interrupts.get_or_init(PipeWaker::new);
        made.as_ref().map_err(|error| io::Error::new(error.kind(), error.to_string()))
    }

    /// Sets the kernel's limit of the child's memory.
    fn stop_growth(&self) -> Result<Layer> {
        match self.guard.stop_growth(self.process.pid()) {
            Ok(bytes) => Ok(Layer::Active { detail: format!("{} MiB that may be written", bytes >> 20) }),
            Err(error) if self.policy == Hardening::Required => {
                let missing =
                    HardeningError::Missing { measure: Measure::MemoryLimit, reason: error.to_string() };
                Err(self.refused(&missing.to_string()))
            }
            Err(error) => Ok(Layer::Unavailable { reason: error.to_string() }),
        }
    }
}

impl Link for ChildLink {
    fn frames(&self) -> &dyn Frames {
        &self.frames
    }

    fn wait(&self, interest: Interest, most: Duration) -> bool {
        let events = interest.events();
        let Ok(interrupts) = self.interrupts() else {
            // Without a pipe, nothing interrupts the wait before its time.
            return sys::wait_for_any(&[(self.poll_stream.as_fd(), events)], most).unwrap_or(true);
        };
        let streams = [(self.poll_stream.as_fd(), events), (interrupts.stream(), libc::POLLIN)];
        sys::wait_for_any(&streams, most).unwrap_or(true)
    }

    fn interrupt(&self) {
        if let Ok(interrupts) = self.interrupts() {
            interrupts.wake();
        }
    }

    fn clear_interrupt(&self) {
        if let Ok(interrupts) = self.interrupts() {
            interrupts.clear();
        }
    }

    fn arrivals(&self) -> io::Result<Box<dyn Arrivals>> {
        let stream = sys::watched(self.poll_stream.try_clone()?)?;
        Ok(Box::new(StreamArrivals { stream, is_closed: false }))
    }

    fn keeper(&self) -> &dyn Keeper {
        &*self.guard
    }

    fn death(&self) -> (Death, Nanos) {
        let Self { guard, process, .. } = self;
        let death = guard.verdict().unwrap_or_else(|| match process.ended().map(|ended| ended.status) {
            Some(status) => match (status.signal(), status.code()) {
                (Some(signal), _) => Death::signal(signal),
                (None, Some(NO_MEMORY)) => guard.refused_memory(),
                (None, Some(code)) => Death::exit(code),
                (None, None) => Death::Unobserved,
            },
            None if process.has_ended() => Death::Unobserved,
            None => Death::protocol("a closed channel while the process goes on"),
        });
        let ended = process.end();
        let cpu = Nanos::of(guard.unpaid(ended.map(|ended| ended.cpu).unwrap_or_default()));
        guard.paid(cpu);
        (death, cpu)
    }

    fn end(&self) {
        self.process.end();
        self.guard.leaves_turn();
    }

    fn has_ended(&self) -> bool {
        self.process.has_ended()
    }

    fn begun(&self, report: Option<HardeningReport>) -> Result<bool> {
        let Some(mut report) = report else {
            self.guard.condemn(Death::protocol("a child without a report of its hardening"));
            return Ok(false);
        };
        if cfg!(target_os = "linux") && self.guard.resident() == 0 {
            if self.process.ended().is_some() {
                return Ok(false);
            }
            let reason = "the memory of the process of a guest cannot be watched: `/proc` does not show it";
            return Err(Error::build(reason));
        }
        report.set(Measure::MemoryLimit, self.stop_growth()?);
        _ = self.report.set(report);
        idle_supervisor::look_after(&self.guard, &self.process);
        self.guard.paid(Nanos::of(self.guard.cpu()));
        Ok(true)
    }

    /// A spare child may have been killed in the meantime, which tells nothing about its program.
    fn silent(&self, error: Error) -> Error {
        match self.is_fresh {
            false => error,
            true => Error::build(format!(
                "the process of a guest has not come as far as `sandbox_runtime::process::init()`: {error}. Call it in the first line of a \
                 plain `fn main`, before arguments are parsed and before a thread or a runtime is started; see its documentation for \
                 `#[tokio::main]`"
            )),
        }
    }

    fn refused(&self, reason: &str) -> Error {
        Error::build(format!("the process of the guest cannot be hardened: {reason}"))
    }

    fn windows(&self) -> Option<Windows> {
        self.windows.clone()
    }

    fn call_off(&self, call: u64) {
        self.windows.iter().for_each(|both| both.to_peer.call_off(call));
    }

    fn clock(&self) -> Option<SharedClock> {
        Some(sys::monotonic)
    }

    fn may_spin(&self) -> bool {
        spin::is_room()
    }

    fn report(&self) -> Option<HardeningReport> {
        self.report.get().cloned()
    }

    fn pid(&self) -> Option<u32> {
        Some(self.process.id())
    }
}

impl Interest {
    /// The events of a stream, for the kernel.
    pub(super) fn events(self) -> libc::c_short {
        let of = |is_wanted, event| if is_wanted { event } else { 0 };
        of(self.frames, libc::POLLIN) | of(self.room, libc::POLLOUT)
    }
}

/// The arrivals at a stream.
struct StreamArrivals {
    stream: AsyncFd<UnixStream>,
    is_closed: bool,
}

impl Arrivals for StreamArrivals {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        if self.is_closed {
            return Poll::Pending;
        }
        self.is_closed = match ready!(self.stream.poll_read_ready(cx)) {
            Ok(mut is_ready) => {
                let is_closed = is_ready.ready().is_read_closed();
                // Everything that arrives from here on is news.
                is_ready.clear_ready();
                is_closed
            }
            Err(_) => true,
        };
        Poll::Ready(!self.is_closed)
    }
}
