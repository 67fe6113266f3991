//! Removes the frames from the stacks of errors, for which a full heap has no room.
//!
//! For an error's stack the engine makes an array of CallSites. When that array cannot grow, `build_backtrace` frees twice
//! the CallSite that did not fit, and what the CallSite holds. A guest that fills its heap reaches that line sooner or later.
//! With a limit of no frames there is no CallSite to add.
//!
//! A realm makes its [`Frames`] before it runs code of a guest. The guard of the heap calls [`Frames::stop`] when the heap
//! is full. The engine asks that guard before it throws the first error for want of memory.

use deno_core::v8;

use super::run;
use crate::isolate::engine::text::js_string;

/// The engine's own limit of frames in a realm. A guest cannot reach it.
pub(crate) struct Frames {
    context: v8::Global<v8::Context>,
    /// An object whose property `limit` is the engine's `Error.stackTraceLimit`.
    limits: v8::Global<v8::Object>,
}

impl Frames {
    /// Puts an accessor in the place of `Error.stackTraceLimit`, in the realm of the scope.
    ///
    /// The accessor takes numbers only, because the engine converts the limit whenever it makes an error. Once
    /// [`stop`](Self::stop) has made the limit a value that is no number, the accessor stores nothing.
    pub(crate) fn of(scope: &v8::PinScope<'_, '_>) -> Option<Self> {
        const SOURCE: &str = r#"
            "use strict";
            const { defineProperty, getOwnPropertyDescriptor } = Object;
            const { apply } = Reflect;
            const home = Error;
            const own = getOwnPropertyDescriptor(home, "stackTraceLimit");
            const limit = () => apply(own.get, home, []);
            const { get, set } = getOwnPropertyDescriptor({
                get stackTraceLimit() { return limit(); },
                set stackTraceLimit(count) {
                    if (typeof count === "number" && typeof limit() === "number") apply(own.set, home, [count]);
                },
            }, "stackTraceLimit");
            const { enumerable, configurable } = own;
            defineProperty(home, "stackTraceLimit", { get, set, enumerable, configurable });
            return defineProperty({ __proto__: null }, "limit", { get: own.get, set: own.set });
        "#;
        let limits = run(scope, SOURCE)?.try_cast::<v8::Object>().ok()?;
        Some(Self {
            context: v8::Global::new(scope, scope.get_current_context()),
            limits: v8::Global::new(scope, limits),
        })
    }

    /// Errors of the realm have no frames from now on.
    ///
    /// The heap's guard calls this in the middle of an allocation, so it makes no object: only an object starts a
    /// collection of garbage. The engine calls its own setter, which stores the value and runs nothing of the guest.
    pub(crate) fn stop(&self, isolate: &mut v8::Isolate) {
        v8::scope!(let scope, isolate);
        let context = v8::Local::new(scope, &self.context);
        let scope = &mut v8::ContextScope::new(scope, context);
        v8::tc_scope!(let scope, scope);
        let Ok(key) = js_string(scope, "limit", v8::NewStringType::Internalized) else { return };
        let limits = v8::Local::new(scope, &self.limits);
        // A termination that was asked for before can end one call of the setter, and not the next.
        for _ in 0..2 {
            if limits.set(scope, key.into(), v8::undefined(scope).into()).is_some() {
                break;
            }
            scope.reset();
        }
    }
}
