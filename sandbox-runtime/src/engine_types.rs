//! The types of ops and calls that generated code names: those of the engine, or empty ones in a build without an engine.

#[cfg(feature = "_engine")]
pub use crate::isolate::{
    calls::GuestCall,
    fast::{FastProbe, NoFast},
    ops::{FastCall, HostOp},
};
#[cfg(not(feature = "_engine"))]
pub use crate::no_engine::*;
