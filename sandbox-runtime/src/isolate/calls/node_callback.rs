//! Functions of guests that give their result by a callback `(error, value)`, as those of Node do.
//!
//! `guest` calls such a function, and its result is a promise. The promise is settled by the first of these: a call of the
//! callback, or an exception of the function. A value that the function returns, later calls and a later exception are ignored. A
//! function that never calls back is ended by the limits of the call.

use deno_core::v8;

use crate::isolate::engine::compile::get;
use crate::isolate::realm::realm_globals::program;
use crate::isolate::state::Catch;
use crate::isolate::state::realm::Realm;

type Function<'s> = v8::Local<'s, v8::Function>;

/// Calls a function with a callback behind its arguments; `None` when the call is being ended.
pub(super) fn call<'s>(
    scope: &mut Catch<'_, '_, 's, '_>,
    realm: &Realm,
    (function, receiver): (Function<'s>, v8::Local<'s, v8::Value>),
    values: &[v8::Local<'s, v8::Value>],
) -> Option<v8::Local<'s, v8::Value>> {
    let undefined = v8::undefined(scope).into();
    let promises = v8::Local::new(scope, realm.handles.promise());
    let source = concat!("\"use strict\";\n", include_str!("node_callback.js"));
    let make = program(scope, "callback", source, &[("promises", promises)])?;
    let parts = make.try_cast::<v8::Function>().ok()?.call(scope, undefined, &[])?;
    let parts = parts.try_cast::<v8::Object>().ok()?;
    let part = |name| get(scope, parts, name);
    let (promise, callback, refuse) = (part("promise")?, part("callback")?, part("refuse")?);
    let values = values.iter().copied().chain([callback]).collect::<Vec<_>>();
    if function.call(scope, receiver, &values).is_none() {
        let thrown = scope.exception().filter(|_| !scope.has_terminated())?;
        scope.reset();
        refuse.try_cast::<v8::Function>().ok()?.call(scope, undefined, &[thrown])?;
    }
    Some(promise)
}
