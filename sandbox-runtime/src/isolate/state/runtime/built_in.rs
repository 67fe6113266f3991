//! The ops that deno_core brings along. No realm of a guest has these ops. As a second defence, each op that is not on a
//! list is replaced by one that throws. `OpDecl::disable` would leave a fast call that does nothing.

use deno_core::{AccessorType, FastStaticString, OpDecl, OpMetadata, ascii_str, v8};

use super::decl::OP_PREFIX;

/// The built-in ops that stay, because deno_core's own JavaScript calls them when it starts:
///
/// - `op_get_extras_binding_object`: gives it V8's console and hooks of promises, objects of its own realm.
/// - `op_get_ext_import_meta_proto`: gives it the prototype of `import.meta` of its own modules.
/// - `op_set_captured_bootstrap`: takes an object of its own realm, for modules that are never loaded.
pub(crate) const ALLOWED: &[&str] =
    &["op_get_extras_binding_object", "op_get_ext_import_meta_proto", "op_set_captured_bootstrap"];

/// Replaces an op when the runtime is made, unless the op is allowed.
pub(super) fn confine(op: OpDecl) -> OpDecl {
    // The canary op must work for a guest that reaches it.
    let is_canary = cfg!(any(sandbox_canary, sandbox_leaky)) && op.name.starts_with("op_canary");
    match op.name.starts_with(OP_PREFIX) || ALLOWED.contains(&op.name) || is_canary {
        true => op,
        false => op.with_implementation_from(&refused()),
    }
}

fn refused() -> OpDecl {
    const NAME: (&str, FastStaticString) = ("op_refused", ascii_str!("op_refused"));
    OpDecl::new_internal_op2(
        NAME,
        false,
        true,
        false,
        0,
        false,
        false,
        refuse,
        refuse_impl,
        AccessorType::None,
        None,
        None,
        OpMetadata::default(),
    )
}

unsafe extern "C" fn refuse(info: *const v8::FunctionCallbackInfo) {
    refuse_impl(info);
}

fn refuse_impl(info: *const v8::FunctionCallbackInfo) -> usize {
    // SAFETY: V8 calls this with a pointer that is valid until this function returns.
    let info = unsafe { &*info };
    v8::callback_scope!(unsafe scope, info);
    let message =
        v8::String::new(scope, "a sandbox has no such op").unwrap_or_else(|| v8::String::empty(scope));
    scope.throw_exception(v8::Exception::error(scope, message));
    1
}
