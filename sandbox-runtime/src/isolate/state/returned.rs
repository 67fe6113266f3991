//! The return path of a fast call: a word of memory.
//!
//! `fast` writes the word and `shim` reads it.
//!
//! V8 cannot deoptimise the caller of a fast call that returns a value, and ends the process instead (see
//! [`crate::isolate::fast`]). So the C function of a fast call returns nothing. As its last act, the function writes its result
//! into a word of the isolate. The shim reads the word at once through a `Float64Array`. No guest can reach that array:
//! each realm has its own, and only the shims of the realm close over it.
//!
//! Every result of a fast call is a number. `NaN` also stands for no result. After a `NaN`, the shim calls the slow
//! function `refused`, which throws what the fast call could not throw. A result that is itself `NaN` leaves nothing to
//! throw, and the shim goes on with it.
//!
//! Calls inside of the fast call write the word too, but earlier. Between the write and the read no other code runs.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use deno_core::v8;

use super::refusal::Refusal;
use crate::error::Place;
use crate::isolate::engine;

/// The word of an isolate, and the refusal that the last fast call could not throw.
#[derive(Default)]
pub(in crate::isolate) struct Returned {
    word: Arc<AtomicU64>,
    refusal: Cell<Option<Box<(Refusal, Place)>>>,
}

impl Returned {
    /// Writes the result of a call.
    #[inline]
    pub(in crate::isolate) fn give(&self, value: f64) {
        self.word.store(value.to_bits(), Ordering::Relaxed);
    }

    /// Makes the shim throw, as soon as the fast call has returned.
    #[cold]
    pub(in crate::isolate) fn refuse(&self, refusal: Refusal, place: &Place) {
        self.nothing();
        // The refusal of an earlier call is dropped here, and may be a value of the host.
        crate::panic::drop_of_host(self.refusal.replace(Some(Box::new((refusal, place.clone())))));
    }

    /// Clears the result: a call had none.
    #[cold]
    pub(in crate::isolate) fn nothing(&self) {
        self.give(f64::NAN);
    }

    /// Takes the refusal of the last call.
    pub(in crate::isolate) fn take_refusal(&self) -> Option<Box<(Refusal, Place)>> {
        self.refusal.take()
    }

    /// The word as an array of the current realm.
    pub(in crate::isolate) fn view<'s>(
        &self,
        scope: &v8::PinScope<'s, '_>,
    ) -> Option<v8::Local<'s, v8::Value>> {
        let buffer = engine::buffer_of(scope, &self.word);
        v8::Float64Array::new(scope, buffer, 0, 1).map(Into::into)
    }
}
