//! A bare isolate.

use deno_core::v8;

use super::super::Host;

/// How much of a stack V8 keeps for an exception that nobody catches: as much as deno_core has it keep.
const FRAMES: i32 = 10;

/// An isolate, which is entered when it is made, and left when it is dropped.
pub(crate) struct Runtime(v8::OwnedIsolate);

/// Hears of exceptions that nobody catches. Without a listener V8 prints them to the output of the application.
unsafe extern "C" fn unheard(_: v8::Local<'_, v8::Message>, _: v8::Local<'_, v8::Value>) {}

impl Runtime {
    /// Makes an isolate. The hosts' ops are for the realm of a `JsRuntime`, and there is none.
    pub(crate) fn new(params: v8::CreateParams, _: &[Host]) -> Result<Self, String> {
        let mut isolate = v8::Isolate::new(params);
        isolate.set_microtasks_policy(v8::MicrotasksPolicy::Explicit);
        isolate.set_capture_stack_trace_for_uncaught_exceptions(true, FRAMES);
        isolate.add_message_listener(unheard);
        Ok(Self(isolate))
    }

    pub(crate) fn isolate(&mut self) -> &mut v8::Isolate {
        &mut self.0
    }

    /// The realm of deno_core.
    pub(crate) fn host_realm(&self) -> Option<v8::Global<v8::Context>> {
        None
    }
}
