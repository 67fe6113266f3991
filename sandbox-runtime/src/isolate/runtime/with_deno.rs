//! An isolate with deno_core's own realm, in which every op is of an `Extension`.

use deno_core::{Extension, JsRuntime, OpDecl, RuntimeOptions, v8};

use super::super::leaks;
use super::built_in;

/// An isolate, which is entered when it is made, and left when it is dropped.
pub(crate) struct Runtime(pub(crate) JsRuntime);

impl Runtime {
    pub(crate) fn new(params: v8::CreateParams, ops: Vec<OpDecl>) -> Result<Self, String> {
        #[cfg(feature = "canary")]
        let ops = ops.into_iter().chain(crate::testing::canary::ops()).collect::<Vec<_>>();
        let confine: Box<deno_core::OpMiddlewareFn> = Box::new(built_in::confine);
        let middleware_fn = Some(confine).filter(|_| !leaks::HOST_REALM);
        let extension = Extension { name: "sandbox", ops: ops.into(), middleware_fn, ..Extension::default() };
        let options = RuntimeOptions {
            extensions: vec![extension],
            create_params: Some(params),
            ..RuntimeOptions::default()
        };
        JsRuntime::try_new(options).map(Self).map_err(|error| error.to_string())
    }

    pub(crate) fn isolate(&mut self) -> &mut v8::Isolate {
        self.0.v8_isolate()
    }

    /// The realm of deno_core.
    pub(crate) fn host_realm(&self) -> Option<v8::Global<v8::Context>> {
        Some(self.0.main_context())
    }
}
