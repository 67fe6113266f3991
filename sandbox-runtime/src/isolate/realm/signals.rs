//! `AbortController` and `AbortSignal` in a realm where a contract's method takes a cancellation.
//!
//! `web` has the classes, so a guest that also has them by the builder has one class. A realm has them from its start when a
//! host's contract needs them, and else from the first script that is bound to a contract that does. They have no part in the
//! limits: all that they do is code of the guest.

use deno_core::v8;

use super::realm_globals::key;
use super::web;
use crate::isolate::engine::compile::get;
use crate::isolate::state::Isolate;
use crate::isolate::state::realm::Realm;
use crate::isolate::state::signals::Signals;

impl Realm {
    /// Adds the globals, unless the realm has them. `None` when the guest is being ended.
    pub(in crate::isolate) fn add_signals(
        &self,
        scope: &v8::PinScope<'_, '_>,
        isolate: &Isolate,
    ) -> Option<()> {
        if self.signals.get().is_none() {
            _ = self.signals.set(self.install(scope, isolate.is_frozen())?);
        }
        Some(())
    }

    fn install(&self, scope: &v8::PinScope<'_, '_>, is_frozen: bool) -> Option<Signals> {
        let made = web::signals(scope, v8::Local::new(scope, &self.web))?;
        let global = scope.get_current_context().global(scope);
        for name in ["AbortController", "AbortSignal"] {
            let class = get(scope, made, name)?;
            let key = key(scope, name)?;
            // The builder may have given the class, and a guest may have one of its own by then.
            if !global.has_own_property(scope, key)? {
                global.define_own_property(scope, key, class, web::attributes(is_frozen))?;
            }
        }
        let own = |name: &str| {
            let function = get(scope, made, name)?.try_cast::<v8::Function>().ok()?;
            Some(v8::Global::new(scope, function))
        };
        Some(Signals {
            make: own("make")?,
            abort: own("abort")?,
            identify: own("identify")?,
            reason: own("reason")?,
        })
    }
}
