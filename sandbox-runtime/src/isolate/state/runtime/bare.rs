//! The V8 isolate of a sandbox, without deno_core's runtime.

use deno_core::v8;

use crate::isolate::state::host::Host;

/// How many frames V8 keeps for an exception that is not caught: as many as deno_core asks for.
const FRAMES: i32 = 10;

/// An isolate, which is entered when it is made, and exited when it is dropped.
pub(crate) struct Runtime(v8::OwnedIsolate);

/// The listener for exceptions that are not caught. Without a listener, V8 prints them to the output of the
/// application.
unsafe extern "C" fn ignore_exception(_: v8::Local<'_, v8::Message>, _: v8::Local<'_, v8::Value>) {}

impl Runtime {
    /// Makes an isolate. The hosts are for the realm of a `JsRuntime`, and there is none.
    pub(crate) fn new(params: v8::CreateParams, _: &[Host]) -> Result<Self, String> {
        let mut isolate = v8::Isolate::new(params);
        isolate.set_microtasks_policy(v8::MicrotasksPolicy::Explicit);
        isolate.set_capture_stack_trace_for_uncaught_exceptions(true, FRAMES);
        isolate.add_message_listener(ignore_exception);
        Ok(Self(isolate))
    }

    pub(crate) fn isolate(&mut self) -> &mut v8::Isolate {
        &mut self.0
    }

    /// The realm of deno_core: none.
    pub(crate) fn host_realm(&self) -> Option<v8::Global<v8::Context>> {
        None
    }
}
