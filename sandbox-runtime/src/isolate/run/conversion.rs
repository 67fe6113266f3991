//! Code of the host that converts or checks the values of a call of the guest.
//!
//! `Serialize`, `Deserialize` and the rules of garde are code of the application, and run on whichever thread has the values.
//! A panic of theirs ends here, so that it is the same error of the call in every transport.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Boxed;
use crate::error::{Conversion, Error};
use crate::isolate::state::method_info::MethodInfo;
use crate::panic::text_of;

/// Runs code of the host that converts or checks values. A panic of it is the error of the call.
#[inline]
pub(crate) fn converted<R>(method: &MethodInfo, during: Conversion, code: impl FnOnce() -> R) -> Boxed<R> {
    catch_unwind(AssertUnwindSafe(code)).map_err(|panic| panicked(method, during, panic))
}

#[cold]
#[inline(never)]
fn panicked(method: &MethodInfo, during: Conversion, panic: Box<dyn Any + Send>) -> Box<Error> {
    Box::new(Error::panicked(method.place(), during, text_of(panic)))
}
