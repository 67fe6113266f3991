//! The words for a guest's value in an error.

use deno_core::v8;

use crate::boundary::ValueError;
use crate::isolate::engine::text::preview;
use crate::isolate::intrinsics;
use crate::value::JsKind;
use crate::value::text::{self, SHOWN};

/// Describes a value, without running any code of the guest and without reading more than a few characters.
pub(crate) fn describe(scope: &v8::PinScope<'_, '_>, value: v8::Local<'_, v8::Value>) -> String {
    if let Ok(string) = v8::Local::<v8::String>::try_from(value) {
        return format!("{:?}", preview(scope, string, SHOWN));
    }
    if let Ok(number) = v8::Local::<v8::Number>::try_from(value) {
        return text::number(number.value());
    }
    if let Ok(bigint) = v8::Local::<v8::BigInt>::try_from(value) {
        return match intrinsics::big_value(scope, bigint)
            .map(|(negative, size)| (negative, u64::try_from(size)))
        {
            Some((negative, Ok(size))) => format!("{}{size}n", if negative { "-" } else { "" }),
            _ => "a BigInt of more than 64 bits".into(),
        };
    }
    match () {
        () if value.is_undefined() => "undefined".into(),
        () if value.is_null() => "null".into(),
        () if value.is_boolean() => value.is_true().to_string(),
        () => kind_of(value).to_string(),
    }
}

/// The kind of a value that is no primitive of JavaScript, or a symbol.
pub(super) fn kind_of(value: v8::Local<'_, v8::Value>) -> JsKind {
    type Test = fn(&v8::Value) -> bool;
    const KINDS: [(Test, JsKind); 14] = [
        (v8::Value::is_symbol, JsKind::Symbol),
        (v8::Value::is_proxy, JsKind::Proxy),
        (v8::Value::is_function, JsKind::Function),
        (v8::Value::is_array, JsKind::Array),
        (v8::Value::is_promise, JsKind::Promise),
        (v8::Value::is_date, JsKind::Date),
        (v8::Value::is_reg_exp, JsKind::RegExp),
        (v8::Value::is_map, JsKind::Map),
        (v8::Value::is_set, JsKind::Set),
        (v8::Value::is_typed_array, JsKind::TypedArray),
        (v8::Value::is_array_buffer, JsKind::ArrayBuffer),
        (v8::Value::is_native_error, JsKind::Error),
        (v8::Value::is_module_namespace_object, JsKind::Module),
        (v8::Value::is_object, JsKind::Object),
    ];
    KINDS.iter().find(|(is, _)| is(&value)).map_or(JsKind::Unknown, |(_, kind)| *kind)
}

/// The error for a value of the guest that was found.
#[cold]
pub(super) fn found(
    expected: impl Into<String>,
    scope: &v8::PinScope<'_, '_>,
    value: v8::Local<'_, v8::Value>,
) -> ValueError {
    ValueError::new(expected, describe(scope, value))
}
