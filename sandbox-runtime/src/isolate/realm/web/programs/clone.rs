//! `structuredClone`: what kinds of objects there are, and copies of those without parts.

use deno_core::v8;
use v8::{ValueDeserializerHelper as _, ValueSerializerHelper as _};

use super::ops::{Arguments, bytes, give_buffer, give_text, hide, natives};
use super::{Value, WebProgram};
use crate::isolate::intrinsics;
use crate::isolate::realm::realm_globals;
use crate::isolate::values::new_error;

pub(super) const PROGRAM: WebProgram =
    WebProgram { name: "clone", source: include_str!("clone.js"), natives };

natives! {
    kind, describe, keys, own, define, hide, entries, map, set, put, add, find, error, leaf, buffer, view, twin, detach,
}

/// The kinds of objects, in the order of the program.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CloneKind {
    Other,
    Plain,
    List,
    Wrapped,
    Date,
    RegExp,
    Buffer,
    View,
    Map,
    Set,
    Error,
}

impl CloneKind {
    fn of(value: Value<'_>) -> Self {
        match () {
            () if Self::has_no_data(value) => Self::Other,
            () if value.is_array() => Self::List,
            () if value.is_date() => Self::Date,
            () if value.is_reg_exp() => Self::RegExp,
            () if value.is_array_buffer() => Self::Buffer,
            () if value.is_array_buffer_view() => Self::View,
            () if value.is_map() => Self::Map,
            () if value.is_set() => Self::Set,
            () if value.is_native_error() => Self::Error,
            () if value.is_boolean_object()
                || value.is_number_object()
                || value.is_string_object()
                || value.is_big_int_object() =>
            {
                Self::Wrapped
            }
            () => Self::Plain,
        }
    }

    /// Whether an object is more than its properties, and no copy has the rest.
    fn has_no_data(value: Value<'_>) -> bool {
        value.is_function()
            || value.is_proxy()
            || value.is_arguments_object()
            || value.is_promise()
            || value.is_symbol_object()
            || value.is_weak_map()
            || value.is_weak_set()
            || value.is_map_iterator()
            || value.is_set_iterator()
            || value.is_generator_object()
            || value.is_shared_array_buffer()
            || value.is_module_namespace_object()
            || value.is_wasm_memory_object()
            || value.is_wasm_module_object()
            || value.is_external()
            // The crate `v8` makes no such array.
            || value.is_float16_array()
    }
}

fn kind<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    Some(v8::Integer::new(scope, CloneKind::of(arguments.get(0)) as i32).into())
}

/// A value in words.
fn describe<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    give_text(scope, &crate::isolate::values::describe(scope, arguments.get(0)))
}

fn object<'s>(arguments: &Arguments<'s>, index: i32) -> Option<v8::Local<'s, v8::Object>> {
    arguments.get(index).try_cast().ok()
}

fn name<'s>(arguments: &Arguments<'s>, index: i32) -> Option<v8::Local<'s, v8::Name>> {
    arguments.get(index).try_cast().ok()
}

/// The names of the own enumerable properties.
fn keys<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    intrinsics::names(scope, object(arguments, 0)?).map(Into::into)
}

/// Whether an object has an own property.
fn own<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let has = object(arguments, 0)?.has_own_property(scope, name(arguments, 1)?)?;
    Some(v8::Boolean::new(scope, has).into())
}

/// Defines a property that is data.
fn define<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    object(arguments, 0)?.create_data_property(scope, name(arguments, 1)?, arguments.get(2))?;
    None
}

/// The keys and values of a Map in turn, or the elements of a Set.
fn entries<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let value = arguments.get(0);
    let all = match value.try_cast::<v8::Map>() {
        Ok(map) => intrinsics::map_items(scope, map),
        Err(_) => intrinsics::set_items(scope, value.try_cast().ok()?),
    };
    all.map(Into::into)
}

#[expect(clippy::unnecessary_wraps, reason = "as all functions of a program")]
fn map<'s>(scope: &v8::PinScope<'s, '_>, _: &Arguments<'s>) -> Option<Value<'s>> {
    Some(v8::Map::new(scope).into())
}

#[expect(clippy::unnecessary_wraps, reason = "as all functions of a program")]
fn set<'s>(scope: &v8::PinScope<'s, '_>, _: &Arguments<'s>) -> Option<Value<'s>> {
    Some(v8::Set::new(scope).into())
}

fn put<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let map = arguments.get(0).try_cast::<v8::Map>().ok()?;
    map.set(scope, arguments.get(1), arguments.get(2))?;
    None
}

fn add<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    arguments.get(0).try_cast::<v8::Set>().ok()?.add(scope, arguments.get(1))?;
    None
}

fn find<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    arguments.get(0).try_cast::<v8::Map>().ok()?.get(scope, arguments.get(1))
}

/// An error of a class, with a message if there is one.
fn error<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let class = arguments.get(0).to_rust_string_lossy(scope);
    let message = arguments.get(1).try_cast::<v8::String>();
    let error = new_error(scope, &class, message.unwrap_or_else(|_| v8::String::empty(scope)))?;
    if message.is_err() {
        error.delete(scope, realm_globals::key(scope, "message")?.into())?;
    }
    Some(error.into())
}

/// The copy of an object without parts; `undefined` for a buffer that is detached.
fn leaf<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let value = arguments.get(0);
    match () {
        () if value.is_date() => {
            v8::Date::new(scope, value.try_cast::<v8::Date>().ok()?.value_of()).map(Into::into)
        }
        () if value.is_array_buffer() => {
            let buffer = value.try_cast::<v8::ArrayBuffer>().ok()?;
            if buffer.was_detached() {
                return None;
            }
            Some(give_buffer(scope, bytes(scope, value)?)?.into())
        }
        () => through_bytes(scope, value),
    }
}

/// The copy of a RegExp or of an object around a primitive, whose content is no property that a guest can replace.
fn through_bytes<'s>(scope: &v8::PinScope<'s, '_>, value: Value<'s>) -> Option<Value<'s>> {
    let context = scope.get_current_context();
    let writer = v8::ValueSerializer::new(scope, Box::new(PlainValues));
    writer.write_header();
    writer.write_value(context, value)?;
    let bytes = writer.release();
    let reader = v8::ValueDeserializer::new(scope, Box::new(PlainValues), &bytes);
    reader.read_header(context)?;
    reader.read_value(context)
}

/// Serializes values without objects of the host.
struct PlainValues;

impl v8::ValueSerializerImpl for PlainValues {
    fn throw_data_clone_error<'s>(
        &self,
        scope: &mut v8::PinScope<'s, '_>,
        message: v8::Local<'s, v8::String>,
    ) {
        scope.throw_exception(v8::Exception::type_error(scope, message));
    }
}

impl v8::ValueDeserializerImpl for PlainValues {}

/// The buffer of a view.
fn buffer<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    arguments.get(0).try_cast::<v8::ArrayBufferView>().ok()?.buffer(scope).map(Into::into)
}

/// A view of the kind, place and length of another one, on another buffer.
fn view<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let view = arguments.get(0).try_cast::<v8::ArrayBufferView>().ok()?;
    let buffer = arguments.get(1).try_cast::<v8::ArrayBuffer>().ok()?;
    let start = view.byte_offset().min(buffer.byte_length());
    let bytes = view.byte_length().min(buffer.byte_length() - start);
    let length = arguments.get(0).try_cast::<v8::TypedArray>().map_or(0, |array| array.length());
    macro_rules! of {
        ($($is:ident $View:ident $size:literal),*) => {
            match arguments.get(0) {
                $(value if value.$is() => {
                    v8::$View::new(scope, buffer, start, length.min(bytes / $size)).map(Into::into)
                })*
                _ => Some(v8::DataView::new(scope, buffer, start, bytes).into()),
            }
        };
    }
    of!(
        is_uint8_array Uint8Array 1, is_uint8_clamped_array Uint8ClampedArray 1, is_int8_array Int8Array 1,
        is_uint16_array Uint16Array 2, is_int16_array Int16Array 2,
        is_uint32_array Uint32Array 4, is_int32_array Int32Array 4, is_float32_array Float32Array 4,
        is_float64_array Float64Array 8, is_big_int64_array BigInt64Array 8, is_big_uint64_array BigUint64Array 8
    )
}

/// A buffer over the memory of another one; `undefined` for one that cannot lose its memory. A resizable one is copied, because
/// its memory is counted with it.
fn twin<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let buffer = arguments.get(0).try_cast::<v8::ArrayBuffer>().ok()?;
    if buffer.was_detached() || !buffer.is_detachable() {
        return None;
    }
    let store = buffer.get_backing_store();
    Some(match store.is_resizable_by_user_javascript() {
        true => give_buffer(scope, bytes(scope, buffer.into())?)?.into(),
        false => v8::ArrayBuffer::with_backing_store(scope, &store).into(),
    })
}

fn detach<'s>(_: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    _ = arguments.get(0).try_cast::<v8::ArrayBuffer>().ok()?.detach(None);
    None
}
