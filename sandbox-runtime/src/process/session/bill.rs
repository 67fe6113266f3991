//! The bill of a call in a child, bounded by the parent's own counts.
//!
//! An attacker who controls a child can report any numbers. No number is accepted that cannot be true:
//!
//! | of the bill | at most |
//! |---|---|
//! | `calls` | 1 |
//! | `wall`, `cpu` | the time that has passed; `wall` not less than `host_time` |
//! | `host_time` | what the parent measured, and nothing else |
//! | `host_calls` | those that the parent served, and one refused by the child itself for each ten nanoseconds |
//! | `heap_peak` | the memory that the child may have; twice `Limits::heap` where its link does not enforce one |
//! | `buffers_peak` | `Limits::buffers` |
//! | `bytes_in`, `bytes_out` | the limits of one crossing, for each frame that was sent or read |
//! | `console_bytes` | the text of the lines that came |
//! | `console_dropped`, `unhandled_rejections` | one for each ten nanoseconds |

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::super::message::{WireBill, kind};
use super::Session;
use super::call::Request;
use crate::isolate::clock;
use crate::isolate::meter::Bill;
use crate::time::{AtomicTime, Nanos, Timestamp};
use crate::wire::frame::Frame;

/// The host calls of one guest call, as the parent counts them.
#[derive(Debug, Default)]
pub(in super::super) struct Served {
    /// The number of host calls.
    pub(super) calls: AtomicU64,
    /// The time of the host's methods.
    took: AtomicTime<Nanos>,
}

impl Served {
    pub(super) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    fn time(&self) -> Duration {
        self.took.load(Ordering::Relaxed).duration()
    }

    /// Whether the host's methods took at least one of so many parts of a time.
    pub(super) fn took_one_of(&self, parts: u32, passed: Duration) -> bool {
        self.time().saturating_mul(parts) >= passed
    }
}

/// Measures a host method, until it is dropped.
pub(super) struct Serving {
    served: Arc<Served>,
    began: Timestamp,
    before: Nanos,
}

impl Serving {
    pub(super) fn begin(served: Arc<Served>) -> Self {
        let before = served.took.load(Ordering::Relaxed);
        Self { served, began: clock::now(), before }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let took = clock::now().since(self.began);
        // The time of nested methods is included.
        self.served.took.store(self.before.saturating_add(took), Ordering::Relaxed);
    }
}

/// The amounts that bills may still contain, for the calls under way without a pause.
#[derive(Default)]
pub(super) struct Credit {
    bytes_in: Cell<u64>,
    bytes_out: Cell<u64>,
    console: Cell<u64>,
}

fn earn(credit: &Cell<u64>, more: u64) {
    credit.set(credit.get().saturating_add(more));
}

fn spend(credit: &Cell<u64>, said: u64) -> u64 {
    let spent = said.min(credit.get());
    credit.set(credit.get() - spent);
    spent
}

impl Credit {
    pub(super) fn clear(&self) {
        let Self { bytes_in, bytes_out, console } = self;
        [bytes_in, bytes_out, console].iter().for_each(|credit| credit.set(0));
    }

    /// A line of the console has arrived, with so many bytes.
    pub(super) fn told(&self, bytes: u64) {
        earn(&self.console, bytes);
    }
}

impl Session {
    /// The greatest billable bytes of a crossing: see [`Bill::bytes_in`].
    fn crossing(&self) -> u64 {
        const VALUE: usize = 8;
        let limits = self.limits();
        limits.value_bytes.saturating_add(limits.value_nodes.saturating_mul(VALUE)) as u64
    }

    /// Bills a call for which the child reports nothing: one call, its duration, and the host's time.
    pub(super) fn charge_lost(&self, began: Timestamp, cpu: Nanos, served: &Served) {
        let wall = clock::now().since(began).duration();
        let bill = Bill {
            calls: 1,
            wall,
            cpu: cpu.duration(),
            host_calls: served.calls(),
            host_time: served.time().min(wall),
            ..Bill::default()
        };
        self.meter.charge_numbers(bill.numbers());
    }
}

impl Request<'_> {
    /// A frame that may contain values was sent.
    pub(super) fn crosses_in(&self) {
        earn(&self.state.credit.bytes_in, self.session.crossing());
    }

    /// A frame that may contain values was read.
    pub(super) fn crosses_out(&self) {
        earn(&self.state.credit.bytes_out, self.session.crossing());
    }

    /// Adds the usage of the request to the bill, as far as it can be true.
    pub(super) fn charge(&self, bill: WireBill, answer: &Frame, served: &Served) {
        let asked = served.calls();
        // A call that never began has no bill.
        if bill == WireBill::default() && answer.kind != kind::VALUE && asked == 0 {
            return;
        }
        let passed = clock::now().since(self.began).duration();
        let (bill, console_dropped) = self.believable(&Bill::of(bill), passed, served);
        // Lines that were written and not kept are counted already.
        self.session.settings.captured.drop_lines(console_dropped);
        self.session.meter.charge_numbers(bill.numbers());
        self.live.guard().paid(Nanos::of(bill.cpu));
    }

    /// The bounded bill, and the number of lines that the child itself has dropped.
    fn believable(&self, said: &Bill, passed: Duration, served: &Served) -> (Bill, u64) {
        /// An engine cannot do more often what only the child counts, in nanoseconds each.
        const ONCE: u64 = 10;
        let (limits, credit) = (self.session.limits(), &self.state.credit);
        let counted = Nanos::of(passed).get() / ONCE;
        let console_dropped = said.console_dropped.min(counted);
        let (unkept, lines) = self.state.unkept.take();
        let most_heap = self.live.guard().memory_limit().unwrap_or((limits.heap as u64).saturating_mul(2));
        let (asked, host_time) = (served.calls(), served.time().min(passed));
        let bill = Bill {
            calls: 1,
            wall: said.wall.min(passed).max(host_time),
            cpu: said.cpu.min(passed),
            heap_peak: said.heap_peak.min(most_heap),
            buffers_peak: said.buffers_peak.min(limits.buffers as u64),
            host_calls: said.host_calls.min(asked.saturating_add(counted).min(limits.host_calls)).max(asked),
            host_time,
            bytes_in: spend(&credit.bytes_in, said.bytes_in),
            bytes_out: spend(&credit.bytes_out, said.bytes_out),
            console_bytes: spend(&credit.console, said.console_bytes).saturating_sub(unkept),
            console_dropped: console_dropped.saturating_add(lines),
            unhandled_rejections: said.unhandled_rejections.min(counted),
        };
        (bill, console_dropped)
    }
}
