//! An isolate with deno_core's own realm, in which every op belongs to an `Extension`.

use deno_core::{Extension, JsRuntime, RuntimeOptions, v8};

use super::built_in;
use super::decl::decl;
use crate::isolate::disabled_defenses;
use crate::isolate::state::host::Host;

/// An isolate, which is entered when it is made, and exited when it is dropped.
pub(crate) struct Runtime(pub(crate) JsRuntime);

impl Runtime {
    pub(crate) fn new(params: v8::CreateParams, hosts: &[Host]) -> Result<Self, String> {
        let ops = hosts.iter().flat_map(|host| &*host.ops).filter_map(decl);
        #[cfg(all(feature = "testing", any(sandbox_canary, sandbox_leaky)))]
        let ops = ops.chain(crate::isolate::canary::ops());
        let confine: Box<deno_core::OpMiddlewareFn> = Box::new(built_in::confine);
        let middleware_fn = Some(confine).filter(|_| !disabled_defenses::HOST_REALM);
        let extension = Extension {
            name: "sandbox",
            ops: ops.collect::<Vec<_>>().into(),
            middleware_fn,
            ..Extension::default()
        };
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
