//! Functions of the engine for conversions and promises, for which QuickJS needs the current realm.
//!
//! The layer over QuickJS has faulty functions for BigInts, collections and promises. There, functions that the realm has
//! captured take their place. V8 needs none of them. Both files define the same names. `values` and the code of promises call
//! them.

#[cfg(feature = "quickjs")]
mod quickjs;
#[cfg(not(feature = "quickjs"))]
mod v8;

#[cfg(feature = "quickjs")]
pub(crate) use quickjs::*;
#[cfg(not(feature = "quickjs"))]
pub(crate) use v8::*;
