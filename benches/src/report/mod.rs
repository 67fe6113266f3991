//! From results to `docs/benchmarks.md` and its plots.

pub mod catalog;
pub mod collect;
pub mod machine;
pub mod number;
pub mod page;
pub mod peers;
pub mod plot;
pub mod row;
