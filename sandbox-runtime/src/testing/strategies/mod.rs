//! Values for property tests: those that a schema accepts, those that it refuses, and those that attack the host.
//!
//! All of them shrink, with `shrink`. `live` has functions, streams and objects. `source` has the schema and the depth of its smallest values.

mod expressions;
mod hostile;
mod live;
mod scalars;
mod shrink;
mod source;
mod valid;
mod violating;

pub(super) use hostile::hostile;
pub(super) use live::live;
pub(super) use shrink::ShrinkBound;
pub(super) use source::SchemaSource;
pub(super) use valid::valid;
pub(super) use violating::violating;
