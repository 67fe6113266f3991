//! The limits and the usage of guests: clocks, the watchdog, the guard of a heap, the end of a stack, bills.
//!
//! The files know nothing of an `Isolate`. They get what they need as arguments: an engine's isolate, a deadline, a limit.

pub(crate) mod call;
pub(crate) mod cancels;
pub(crate) mod clock;
pub(crate) mod cpu;
pub(crate) mod exceeded;
pub(crate) mod heap;
pub(crate) mod meter;
pub(crate) mod pause;
pub(crate) mod stack;
pub(crate) mod ticket;
pub(crate) mod times;
pub(crate) mod watch;
pub(crate) mod watchdog;
