//! One isolate of V8 on the thread that made it, with the realms of its guests.
//!
//! The sites and `site::wired::serve` own an [`Isolate`] and call it on its thread. The folders are layers, from above to below:
//!
//! | folder | what it does |
//! |---|---|
//! | `extension`, `untyped_contract`, `owned_host` | contracts for a runtime of the application, and contracts as data |
//! | `ops` | the functions through which a guest calls the methods of a host |
//! | `calls` | the uses of a guest: scripts, bindings, calls, calls in flight |
//! | `realm` | makes isolates, realms and their globals |
//! | `host_calls` | what all calls of the host have in common |
//! | `run` | runs guest code within its limits |
//! | `values`, `intrinsics` | conversions of values |
//! | `state`, `shim` | what an isolate consists of |
//! | `limits` | clocks, the watchdog, the heap's guard, the end of a stack, bills |
//! | `engine` | V8 or QuickJS |
//!
//! A folder uses the folders below it, and none above. `cargo xtask layers` checks this.
//!
//! The isolate is entered for each use and exited after it. So several isolates can share a thread and be dropped in any
//! order. Callers reach it through a raw pointer, because a host method may call its guest again while a call is under
//! way further up on the stack.

pub(crate) mod calls;
#[cfg(all(feature = "testing", any(sandbox_canary, sandbox_leaky)))]
pub mod canary;
pub(crate) mod disabled_defenses;
pub(crate) mod engine;
#[cfg(feature = "deno_core")]
pub(crate) mod extension;
pub(crate) mod handle_table;
mod host_calls;
mod intrinsics;
pub(crate) mod limits;
pub(crate) mod ops;
mod owned_host;
mod realm;
pub(crate) mod run;
pub(crate) mod shim;
mod state;
mod untyped_contract;
pub(crate) mod values;

pub(crate) use calls::{binding, flights, script};
pub(crate) use limits::{cancels, clock, cpu, meter, stack, ticket, watch, watchdog};
pub(crate) use ops::fast;
#[cfg(feature = "process")]
pub(crate) use ops::{host_dispatch, pending_host_call};
#[cfg(feature = "process")]
pub(crate) use realm::resets_itself;
pub(crate) use run::pause::WatchPause;
#[cfg(feature = "process")]
pub(crate) use run::{conversion, thrown};
pub(crate) use state::host::Host;
pub use state::isolate_link::ObjectTransport;
pub(crate) use state::isolate_link::{LinkNumber, ObjectKey, ThreadWay};
pub(crate) use state::realm::Realm;
pub(crate) use state::{Isolate, method_info};
#[cfg(feature = "process")]
pub(crate) use state::{data_host, future_set, guest_objects, isolate_link, link_objects};

#[cfg(test)]
mod tests;
