//! The defences that the test-only `--cfg sandbox_leaky` takes away, so that the corpus of hostile guests can be seen to
//! fail (`tests/escape.rs`). Without it every constant is `false`, and nothing here is ever called.
//!
//! One more is in `guest_error`: a guest is shown the text of every error of a host method.

use deno_core::v8;

use crate::isolate::engine::text::js_string;

/// The first contract is defined in the realm of deno_core, with `Deno` still there.
pub(crate) const HOST_REALM: bool = cfg!(sandbox_leaky);
/// `eval` and the constructors of functions take text.
pub(crate) const CODE_FROM_TEXT: bool = cfg!(sandbox_leaky);
/// No global is removed, and WebAssembly may be compiled.
pub(crate) const ALL_GLOBALS: bool = cfg!(sandbox_leaky);
/// `Atomics.wait` blocks the thread.
pub(crate) const WAITS: bool = cfg!(sandbox_leaky);
/// `Error.prepareStackTrace` is called, with CallSites.
pub(crate) const CALL_SITES: bool = cfg!(sandbox_leaky);
/// Contracts are neither frozen nor constant.
pub(crate) const NOT_FROZEN: bool = cfg!(sandbox_leaky);
/// The shim looks up what it uses at run time.
pub(crate) const GUEST_PRIMORDIALS: bool = cfg!(sandbox_leaky);
/// The memory of ArrayBuffers is not counted.
pub(crate) const UNCOUNTED_BUFFERS: bool = cfg!(sandbox_leaky);

/// The realm of deno_core, which lets the other one in.
pub(super) fn shared<'s>(
    scope: &v8::PinScope<'s, '_, ()>,
    host_realm: &v8::Global<v8::Context>,
    guest: v8::Local<'_, v8::Context>,
) -> v8::Local<'s, v8::Context> {
    let host_realm = v8::Local::new(scope, host_realm);
    guest.set_security_token(host_realm.get_security_token(scope));
    host_realm
}

/// A call of an op as an author writes it who forgets that the guest's code ran first.
pub(super) fn naive_call(index: usize, arguments: &str) -> String {
    let copy =
        "(list, value) => { list.push(value instanceof Array ? value.slice(0, 99) : value); return list; }";
    format!("checked{index}.apply(this, [...[{arguments}]].reduce({copy}, []))")
}

/// The result of the guest's `Error.prepareStackTrace` for CallSites.
pub(super) fn prepared<'s>(
    scope: &v8::PinScope<'s, '_>,
    error: v8::Local<'s, v8::Value>,
    sites: v8::Local<'s, v8::Array>,
) -> Option<v8::Local<'s, v8::Value>> {
    let key = |name: &str| js_string(scope, name, v8::NewStringType::Internalized).ok();
    let global = scope.get_current_context().global(scope);
    let class = global.get(scope, key("Error")?.into())?.try_cast::<v8::Object>().ok()?;
    let prepare = class.get(scope, key("prepareStackTrace")?.into())?.try_cast::<v8::Function>().ok()?;
    prepare.call(scope, class.into(), &[error, sites.into()])
}
