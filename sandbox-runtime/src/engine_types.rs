//! The types of ops and calls that generated code names: those of the engine, or what stands for them without one.

#[cfg(feature = "_engine")]
pub(crate) use crate::isolate::ops::HandleParts;
#[cfg(feature = "_engine")]
pub use crate::isolate::{
    ObjectTransport,
    calls::GuestCall,
    ops::{FastCall, FastCallback, HostOp, HostParts},
};
#[cfg(not(feature = "_engine"))]
pub(crate) use crate::no_engine::NoParts as HandleParts;
#[cfg(not(feature = "_engine"))]
pub use crate::no_engine::{
    NoFunction as FastCall, NoFunction as FastCallback, NoHostParts as HostParts,
    NoTransport as ObjectTransport, Uncalled as GuestCall, Uncalled as HostOp,
};
