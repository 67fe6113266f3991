//! The functions of `bootstrap` on Windows, where C++ has other names: no script runs while V8 makes a context.

use deno_core::v8;

/// Whether the script runs.
pub(crate) const RUNS: bool = false;

/// Does nothing.
pub(super) fn register() {}

/// Makes a context.
#[expect(clippy::unnecessary_wraps, reason = "V8 may have no memory for it elsewhere")]
pub(crate) fn context<'s>(scope: &v8::PinScope<'s, '_, ()>) -> Option<v8::Local<'s, v8::Context>> {
    Some(v8::Context::new(scope, v8::ContextOptions::default()))
}

/// Defines a property that V8 treats as data in assignments, whose value is what `get` gives.
pub(crate) fn define_native(
    scope: &v8::PinScope<'_, '_>,
    object: v8::Local<'_, v8::Object>,
    key: v8::Local<'_, v8::Name>,
    (get, set): (
        impl v8::MapFnTo<v8::AccessorNameGetterCallback>,
        impl v8::MapFnTo<v8::AccessorNameSetterCallback>,
    ),
    data: v8::Local<'_, v8::Value>,
    attributes: v8::PropertyAttribute,
) -> Option<()> {
    let property = v8::AccessorConfiguration::new(get).setter(set).data(data).property_attribute(attributes);
    (object.set_accessor_with_configuration(scope, key, property) == Some(true)).then_some(())
}
