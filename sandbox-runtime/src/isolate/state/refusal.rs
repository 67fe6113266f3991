//! Why a host method does not answer, as data. `host_calls::refused` makes exceptions of refusals.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use deno_core::v8;

use crate::boundary::ValueError;
use crate::error::Direction;
use crate::guest_error::HostError;
use crate::panic::drop_of_host;

/// Why a host method does not answer, as the guest is told.
pub(in crate::isolate) enum Refusal {
    /// An argument violates the contract: a TypeError. Or the result does, which is the host's fault: an Error.
    Value(ValueError, Direction),
    /// A getter of an argument threw; the guest gets what it threw.
    Thrown,
    /// The method failed: an Error.
    Host(HostError),
    /// A method at the other end of a link failed, or refused its arguments.
    #[cfg(feature = "process")]
    Untyped {
        class: String,
        message: String,
        fields: Vec<(String, crate::value::JsValue)>,
        source: Option<crate::error::Source>,
    },
    /// The guest is being ended.
    Ended,
    /// Too little stack is left: the RangeError that V8 throws for it.
    Stack,
    /// The sandbox has no implementation of the contract.
    Absent,
    /// The handle was disposed, or its realm is over.
    Disposed,
    /// The handle ended with the call of a scoped method, or was disposed.
    CallEnded,
    /// The guest's signal was aborted before the call, for this reason.
    Aborted(v8::Global<v8::Value>),
    /// An `async` method was called by code that no asynchronous call waits for.
    NoFlight,
}

impl Refusal {
    pub(in crate::isolate) fn panicked() -> Self {
        Self::Host(HostError::panicked())
    }
}

/// Runs code of the host. A panic becomes a failure of the method.
pub(in crate::isolate) fn caught<R>(code: impl FnOnce() -> R) -> Result<R, Refusal> {
    catch_unwind(AssertUnwindSafe(code)).map_err(panicked)
}

#[cold]
pub(in crate::isolate) fn panicked(panic: Box<dyn Any + Send>) -> Refusal {
    // The payload's own destructor may panic, and the next frame may be C++.
    drop_of_host(panic);
    Refusal::panicked()
}
