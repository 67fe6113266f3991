//! The `AbortSignal`s of a realm, as the host uses them. `realm::signals` makes the classes.

use std::pin::Pin;

use deno_core::v8;

/// The functions of a realm's `AbortSignal`, which no guest has.
pub(in crate::isolate) struct Signals {
    /// Makes a signal.
    pub(in crate::isolate) make: v8::Global<v8::Function>,
    /// Aborts a signal.
    pub(in crate::isolate) abort: v8::Global<v8::Function>,
    /// The number of a signal, which is the second argument if the signal had none; 0 for one that is aborted, −1 for a value that
    /// is no signal.
    pub(in crate::isolate) identify: v8::Global<v8::Function>,
    /// The reason of a signal that is aborted.
    pub(in crate::isolate) reason: v8::Global<v8::Function>,
}

/// A value where a signal may be.
pub(in crate::isolate) enum GivenSignal<'s> {
    /// A signal with this number.
    Live(u64),
    /// A signal that was aborted, for this reason.
    Aborted(v8::Local<'s, v8::Value>),
    /// No signal.
    Other,
}

impl Signals {
    fn call<'s>(
        scope: &v8::PinScope<'s, '_>,
        function: &v8::Global<v8::Function>,
        arguments: &[v8::Local<'s, v8::Value>],
    ) -> Option<v8::Local<'s, v8::Value>> {
        let function = v8::Local::new(scope, function);
        function.call(scope, v8::undefined(scope).into(), arguments)
    }

    /// Makes a signal.
    pub(in crate::isolate) fn make<'s>(
        &self,
        scope: &v8::PinScope<'s, '_>,
    ) -> Option<v8::Local<'s, v8::Value>> {
        Self::call(scope, &self.make, &[])
    }

    /// Aborts a signal. Its listeners run. `None` when the guest was ended meanwhile.
    pub(in crate::isolate) fn abort<'s>(
        &self,
        scope: &v8::PinScope<'s, '_>,
        signal: v8::Local<'s, v8::Value>,
    ) -> Option<()> {
        Self::call(scope, &self.abort, &[signal]).map(drop)
    }

    /// Identifies a value. No code of the guest runs. `fresh` is the number of a signal that has none.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of signals"
    )]
    pub(in crate::isolate) fn identify<'s>(
        &self,
        scope: &v8::PinScope<'s, '_>,
        value: v8::Local<'s, v8::Value>,
        fresh: u64,
    ) -> Option<GivenSignal<'s>> {
        let fresh = v8::Number::new(scope, fresh as f64).into();
        let number =
            Self::call(scope, &self.identify, &[value, fresh])?.try_cast::<v8::Number>().ok()?.value();
        Some(match number {
            number if number > 0.0 => GivenSignal::Live(number as u64),
            0.0 => GivenSignal::Aborted(Self::call(scope, &self.reason, &[value])?),
            _ => GivenSignal::Other,
        })
    }
}

/// The signal that a guest has for a call of its own.
pub(in crate::isolate) struct FlightSignal {
    pub(in crate::isolate) signal: v8::Global<v8::Value>,
    /// Waits for the cancellation of the caller, which ends the turn of the call.
    pub(in crate::isolate) _cancelled: Pin<Box<dyn Future<Output = ()>>>,
}
