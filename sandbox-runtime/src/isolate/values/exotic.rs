//! Tests of objects that have more data than their properties, which a copy would lose.
//!
//! Every test asks the engine and reads no property, so no code of the guest runs.

use deno_core::v8;

use crate::isolate::engine;

/// Whether the memory of a view is detached.
pub(super) fn is_detached<'s>(
    scope: &v8::PinScope<'s, '_>,
    view: impl Into<v8::Local<'s, v8::ArrayBufferView>>,
) -> bool {
    view.into().buffer(scope).is_none_or(|buffer| buffer.was_detached())
}

/// Whether an object's data are bytes. The bytes are its whole meaning, unlike those of other typed arrays.
pub(super) fn is_bytes(value: v8::Local<'_, v8::Value>) -> bool {
    value.is_uint8_array()
        || value.is_uint8_clamped_array()
        || value.is_array_buffer()
        || value.is_data_view()
}

/// Whether an object's data are its properties. Others, such as a Date or a RegExp, would be read as `{}`.
pub(super) fn is_plain(scope: &v8::PinScope<'_, '_>, value: v8::Local<'_, v8::Value>) -> bool {
    type Test = fn(&v8::Value) -> bool;
    const EXOTIC: [Test; 11] = [
        v8::Value::is_function,
        v8::Value::is_symbol,
        v8::Value::is_promise,
        v8::Value::is_reg_exp,
        v8::Value::is_weak_map,
        v8::Value::is_weak_set,
        v8::Value::is_generator_object,
        v8::Value::is_map_iterator,
        v8::Value::is_set_iterator,
        v8::Value::is_shared_array_buffer,
        v8::Value::is_boolean_object,
    ];
    !EXOTIC.iter().any(|is| is(&value))
        && !engine::is_external(value)
        && !value.is_number_object()
        && !value.is_string_object()
        && !value.is_symbol_object()
        && !value.is_big_int_object()
        && !value.try_cast::<v8::Object>().is_ok_and(|object| is_opaque(scope, object))
}

/// Whether an object's class hides its data and V8 has no test for the class. The name is that of the class that made
/// the object, which no property of the object changes.
fn is_opaque(scope: &v8::PinScope<'_, '_>, object: v8::Local<'_, v8::Object>) -> bool {
    const CLASSES: [&str; 14] = [
        "WeakRef",
        "DisposableStack",
        "AsyncDisposableStack",
        "Collator",
        "DateTimeFormat",
        "DisplayNames",
        "DurationFormat",
        "ListFormat",
        "Locale",
        "NumberFormat",
        "PluralRules",
        "RelativeTimeFormat",
        "Segmenter",
        "Segments",
    ];
    let name = object.get_constructor_name();
    name.length() <= 32 && CLASSES.contains(&name.to_rust_string_lossy(scope).as_str())
}
