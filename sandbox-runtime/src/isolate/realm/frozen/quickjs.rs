//! Freezes the intrinsics of a realm of QuickJS, by a program.

use deno_core::v8;

use super::NAMES;
use crate::isolate::realm::realm_globals::program;
use crate::options::Settings;

/// Makes the context of a realm, before any of its code runs.
#[expect(clippy::unnecessary_wraps, reason = "V8 may have no memory for it")]
pub(in crate::isolate) fn context<'s>(
    scope: &v8::PinScope<'s, '_, ()>,
    _: &Settings,
) -> Option<v8::Local<'s, v8::Context>> {
    Some(v8::Context::new(scope, v8::ContextOptions::default()))
}

/// Freezes the intrinsics of the scope's realm, in which no code of a guest has run.
pub(in crate::isolate) fn freeze(scope: &v8::PinScope<'_, '_>, _: &Settings, _: &[&str]) -> Option<()> {
    let source = format!("\"use strict\";\n{NAMES}\n{}", include_str!("quickjs.js"));
    program(scope, "freeze", &source, &[]).map(drop)
}
