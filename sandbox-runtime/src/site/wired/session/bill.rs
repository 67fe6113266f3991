//! The bill of a call in a peer, bounded by the host's own counts.
//!
//! An attacker who controls a peer can report any numbers. No number is accepted that cannot be true:
//!
//! | of the bill | at most |
//! |---|---|
//! | `calls` | 1 |
//! | `wall`, `cpu` | the time that has passed; `wall` not less than `host_time` |
//! | `host_time` | what the host measured, and nothing else |
//! | `host_calls` | those that the host served, and one refused by the peer itself for each ten nanoseconds |
//! | `heap_peak` | the memory that the peer may have; twice `Limits::heap` where its link does not enforce one |
//! | `buffers_peak` | `Limits::buffers` |
//! | `bytes_in`, `bytes_out` | the limits of one crossing, for each frame that was sent or read |
//! | `console_bytes` | the text of the lines that came |
//! | `console_dropped`, `unhandled_rejections` | one for each ten nanoseconds |

use std::time::Duration;

use super::super::message::{WireBill, kind};
use super::Session;
use super::call::Request;
use super::counts::{Credit, Served};
use crate::isolate::clock;
use crate::observe::bill::Bill;
use crate::time::{Nanos, Timestamp};
use crate::wire::frame::Frame;

impl Session {
    /// The greatest billable bytes of a crossing: see [`Bill::bytes_in`].
    fn crossing(&self) -> u64 {
        const VALUE: usize = 8;
        let limits = self.limits();
        limits.value_bytes.saturating_add(limits.value_nodes.saturating_mul(VALUE)) as u64
    }

    /// Bills a call for which the peer reports nothing: one call, its duration, and the host's time.
    pub(super) fn charge_lost(&self, began: Timestamp, cpu: Nanos, served: &Served) -> Bill {
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
        bill
    }
}

impl Request<'_> {
    /// A frame that may contain values was sent.
    pub(super) fn crosses_in(&self) {
        Credit::earn(&self.state.credit.bytes_in, self.session.crossing());
    }

    /// A frame that may contain values was read.
    pub(super) fn crosses_out(&self) {
        Credit::earn(&self.state.credit.bytes_out, self.session.crossing());
    }

    /// Adds the usage of the request to the bill, as far as it can be true. Returns what was added.
    pub(super) fn charge(&self, bill: WireBill, answer: &Frame, served: &Served) -> Bill {
        let asked = served.calls();
        // A call that never began has no bill.
        if bill == WireBill::default() && answer.kind != kind::VALUE && asked == 0 {
            return Bill::default();
        }
        let passed = clock::now().since(self.began).duration();
        let (bill, console_dropped) = self.believable(&Bill::of(bill), passed, served);
        // Lines that were written and not kept are counted already.
        self.session.settings.captured.drop_lines(console_dropped);
        self.session.meter.charge_numbers(bill.numbers());
        self.live.guard().paid(Nanos::of(bill.cpu));
        bill
    }

    /// The bounded bill, and the number of lines that the peer itself has dropped.
    fn believable(&self, said: &Bill, passed: Duration, served: &Served) -> (Bill, u64) {
        /// An engine cannot do more often what only the peer counts, in nanoseconds each.
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
            bytes_in: Credit::spend(&credit.bytes_in, said.bytes_in),
            bytes_out: Credit::spend(&credit.bytes_out, said.bytes_out),
            console_bytes: Credit::spend(&credit.console, said.console_bytes).saturating_sub(unkept),
            console_dropped: console_dropped.saturating_add(lines),
            unhandled_rejections: said.unhandled_rejections.min(counted),
        };
        (bill, console_dropped)
    }
}
