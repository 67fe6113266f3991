//! What the benchmarks share: the contracts and their guests, the floors that an expert writes by hand, and the report that
//! becomes `docs/benchmarks.md`.
//!
//! A pair of measurements has an id, such as `host-to-guest/add`, and two sides, `ours` and `floor`, taken one after the
//! other in the same process. `cargo xtask bench` runs them all.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]

#[cfg(feature = "v8")]
pub mod contracts;
#[cfg(feature = "v8")]
pub mod floor;
pub mod measure;
#[cfg(feature = "v8")]
pub mod ours;
#[cfg(feature = "v8")]
pub mod pair;
pub mod report;
