//! Observes a value of the guest as plain data: to diagnose it, to keep an exception, or to send it to another process.
//!
//! No borrow of the host is held, because getters of the guest may run. `values` calls these functions within the guest's
//! limits.

use deno_core::v8;
use sandbox_core::spec::GivenKinds;

use super::describe::kind_of;
use super::exotic::is_bytes;
use super::read::{Reader, Value};
use super::seen::{Again, Opened, UNSEEN};
use super::value_kind::ValueKind;
use super::write::terminated;
use crate::boundary::ValueError;
use crate::isolate::engine::text::js_string;
use crate::isolate::{engine, intrinsics};
use crate::value::js_value::error_of;
use crate::value::{CrossingBudget, JsKind, JsValue, Unrepresentable};

/// Copies a value out. A value that is no data becomes [`JsValue::Other`]. Only a used-up budget, or code of the guest that
/// throws, ends the copy with an error.
pub(super) fn observe(reader: Reader<'_, '_, '_>) -> Result<JsValue, ValueError> {
    looked_at(&Look { reader, again: None, rest: Rest::Read, gives: GivenKinds::Data })
}

/// Copies a value out for a reader in another process, which may not need every part. A part that exceeds the budget is cut.
/// Values that `gives` names get numbers.
pub(super) fn observe_affordable(
    reader: Reader<'_, '_, '_>,
    gives: GivenKinds,
) -> Result<JsValue, ValueError> {
    looked_at(&Look { reader, again: None, rest: Rest::Cut, gives })
}

/// Copies out the nth top-level value that was read before, from the parts that were noted.
///
/// If the read was complete, objects that it did not open do not matter to their type, and are described. If the read was
/// not complete, parts that it did not reach are read now.
pub(super) fn observe_again<'s>(
    reader: Reader<'_, 's, '_>,
    again: &Again<'s>,
    nth: usize,
    was_read: bool,
) -> Result<JsValue, ValueError> {
    let rest = if was_read { Rest::Described } else { Rest::Read };
    let look = Look { reader, again: Some(again), rest, gives: GivenKinds::Data };
    looked_at(&look.nth(nth, || Ok(reader.value))?)
}

/// The observation of a value, or of a part of it.
#[derive(Clone, Copy)]
struct Look<'r, 's, 'i> {
    reader: Reader<'r, 's, 'i>,
    /// The parts that were noted before.
    again: Option<&'r Again<'s>>,
    rest: Rest,
    /// Which values get numbers.
    #[cfg_attr(not(feature = "process"), allow(dead_code, reason = "a reader elsewhere asks for them"))]
    gives: GivenKinds,
}

/// The treatment of a value that was not noted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    Read,
    /// The value is read, as far as the budget allows.
    #[cfg_attr(not(feature = "process"), allow(dead_code, reason = "a reader elsewhere asks for it"))]
    Cut,
    /// An object is described, without a read.
    Described,
}

impl<'r, 's> Look<'r, 's, '_> {
    /// The nth part of this value, as noted, or as it is now.
    fn nth(
        &self,
        nth: usize,
        live: impl FnOnce() -> Result<Value<'s>, ValueError>,
    ) -> Result<Self, ValueError> {
        let seen = self.again.and_then(|again| again.nth(self.reader.part, nth));
        let (part, value) = match seen {
            Some(seen) => seen,
            None => (UNSEEN, live()?),
        };
        Ok(Self { reader: self.reader.at(part, value), ..*self })
    }

    fn inside(&self) -> Result<Self, ValueError> {
        Ok(Self { reader: self.reader.inside()?, ..*self })
    }

    fn opened(&self) -> Option<&'r Opened<'s>> {
        self.again?.opened(self.reader.part)
    }

    fn is_cut(&self) -> bool {
        self.rest == Rest::Cut
    }
}

fn looked_at(look: &Look<'_, '_, '_>) -> Result<JsValue, ValueError> {
    let reader = look.reader;
    let observed = match look.opened() {
        Some(opened) => observe_opened(look, opened),
        None if look.rest == Rest::Described && reader.value.is_object() => {
            Ok(JsValue::Other(Unrepresentable::Kind(kind_of(reader.value))))
        }
        None => observe_one(look),
    };
    #[cfg(feature = "process")]
    let observed = match observed {
        Ok(data) if look.gives > GivenKinds::Data => super::given::given(reader, data, look.gives),
        observed => observed,
    };
    match observed {
        Err(error) if look.is_cut() => {
            error.crossing_budget().map_or(Err(error), |over| Ok(cut_at(reader, over)))
        }
        observed => observed,
    }
}

/// A value that was taken apart before, made of the noted parts.
fn observe_opened<'s>(look: &Look<'_, 's, '_>, opened: &Opened<'s>) -> Result<JsValue, ValueError> {
    let value = look.reader.value;
    Ok(match opened {
        Opened::Items { object, length } => list_of(value, items(look, *object, *length)?),
        Opened::Named { object, names } if value.is_native_error() => error(look, *object, *names)?,
        Opened::Named { object, names } => fields(look, *object, *names)?,
        Opened::Taken { values, fields } => taken(look, *values, fields)?,
        Opened::Pairs(entries) => JsValue::Map(pairs(look, *entries)?),
        Opened::Bytes(bytes) => buffer_of(value, bytes.clone()),
        Opened::Date(millis) => JsValue::Date(*millis),
    })
}

/// A value that costs too much. This function is separate, so that it takes no stack in the frame of each nested level.
#[cold]
#[inline(never)]
fn cut_at(reader: Reader<'_, '_, '_>, budget: CrossingBudget) -> JsValue {
    JsValue::Other(match reader.value.try_cast::<v8::String>() {
        Ok(string) => {
            Unrepresentable::ExcessiveText { length: engine::length(reader.scope, string) as u64, budget }
        }
        Err(_) => Unrepresentable::Excessive { kind: kind_of(reader.value), budget },
    })
}

/// A value that was not taken apart before. Each kind with parts has a function of its own, so that a nested level takes the
/// stack of its kind alone.
fn observe_one<'s>(look: &Look<'_, 's, '_>) -> Result<JsValue, ValueError> {
    match look.reader.shape() {
        ValueKind::Array(array) => items(look, array.into(), array.length() as usize).map(JsValue::Array),
        ValueKind::Set(set) => set_of(look, set),
        ValueKind::Numbers(numbers) => numbers_of(look, numbers),
        ValueKind::Error(object) => error_now(look, object),
        ValueKind::Map(map) => map_of(look, map),
        ValueKind::Object(object) => object_of(look, object),
        whole => whole_value(look.reader, whole),
    }
}

fn set_of<'s>(look: &Look<'_, 's, '_>, set: v8::Local<'s, v8::Set>) -> Result<JsValue, ValueError> {
    let reader = look.reader;
    reader.budget.length(intrinsics::set_size(reader.scope, set))?;
    let array = intrinsics::set_items(reader.scope, set).ok_or_else(ValueError::thrown)?;
    items(look, array.into(), array.length() as usize).map(JsValue::Set)
}

fn map_of<'s>(look: &Look<'_, 's, '_>, map: v8::Local<'s, v8::Map>) -> Result<JsValue, ValueError> {
    let reader = look.reader;
    reader.budget.length(intrinsics::map_size(reader.scope, map))?;
    let array = intrinsics::map_items(reader.scope, map).ok_or_else(ValueError::thrown)?;
    pairs(look, array).map(JsValue::Map)
}

fn error_now<'s>(look: &Look<'_, 's, '_>, object: v8::Local<'s, v8::Object>) -> Result<JsValue, ValueError> {
    error(look, object, error_names(look.reader)?)
}

fn object_of<'s>(look: &Look<'_, 's, '_>, object: v8::Local<'s, v8::Object>) -> Result<JsValue, ValueError> {
    match handle(look.reader, object) {
        Some(handle) => Ok(handle),
        None => fields(look, object, look.reader.names(object)?),
    }
}

fn numbers_of<'s>(
    look: &Look<'_, 's, '_>,
    numbers: v8::Local<'s, v8::TypedArray>,
) -> Result<JsValue, ValueError> {
    let reader = look.reader;
    match reader.numbers(numbers) {
        Ok(numbers) => Ok(list_of(reader.value, items(look, numbers.into(), numbers.length())?)),
        Err(_) => Ok(JsValue::Other(Unrepresentable::DetachedNumbers)),
    }
}

/// A value without parts.
fn whole_value<'s>(reader: Reader<'_, 's, '_>, kind: ValueKind<'s>) -> Result<JsValue, ValueError> {
    Ok(match kind {
        ValueKind::Nothing if reader.value.is_null() => JsValue::Null,
        ValueKind::Nothing => JsValue::Undefined,
        ValueKind::Bool(value) => JsValue::Bool(value),
        ValueKind::Number(value) => JsValue::Number(value),
        ValueKind::BigInt(bigint) => match intrinsics::big_value(reader.scope, bigint) {
            Some((negative, magnitude)) => JsValue::BigInt { negative, magnitude },
            None => JsValue::Other(Unrepresentable::BigInt),
        },
        ValueKind::Text(string) => text(reader, string)?,
        ValueKind::Bytes(_) => match reader.bytes() {
            Ok(bytes) => buffer_of(reader.value, bytes),
            Err(error) if error.is_budget() => return Err(error),
            Err(_) => JsValue::Other(Unrepresentable::DetachedBytes),
        },
        ValueKind::Date(millis) => JsValue::Date(millis),
        _ => exotic(reader),
    })
}

/// An object that is one of the host.
#[inline(never)]
fn handle(reader: Reader<'_, '_, '_>, object: v8::Local<'_, v8::Object>) -> Option<JsValue> {
    reader.handle_number(object).map(|number| JsValue::Other(Unrepresentable::Handle(number)))
}

/// A value that is no data: a callback of the host, or one of which the kind is told. Like [`handle`], this function takes no
/// stack in the frame of each nested level.
#[inline(never)]
fn exotic(reader: Reader<'_, '_, '_>) -> JsValue {
    let callback = reader.value.try_cast::<v8::Function>().ok();
    let callback = callback.and_then(|function| handle(reader, function.into()));
    callback.unwrap_or_else(|| JsValue::Other(Unrepresentable::Kind(kind_of(reader.value))))
}

/// Bytes, with the kind of their buffer.
fn buffer_of(value: Value<'_>, bytes: Vec<u8>) -> JsValue {
    match () {
        () if value.is_array_buffer() => JsValue::Buffer { kind: "ArrayBuffer", bytes },
        () if value.is_data_view() => JsValue::Buffer { kind: "DataView", bytes },
        () => JsValue::Bytes(bytes),
    }
}

/// A text, or its fault.
fn text<'s>(reader: Reader<'_, 's, '_>, string: v8::Local<'s, v8::String>) -> Result<JsValue, ValueError> {
    Ok(match reader.text_or_fault(string)? {
        Ok(text) => JsValue::String(text),
        Err(fault) => JsValue::Other(Unrepresentable::Text(fault)),
    })
}

fn items<'s>(
    look: &Look<'_, 's, '_>,
    object: v8::Local<'s, v8::Object>,
    length: usize,
) -> Result<Vec<JsValue>, ValueError> {
    match look.reader.value.is_set() {
        true => look.reader.budget.members(length)?,
        false => look.reader.budget.items(length)?,
    }
    let inside = look.inside()?;
    let item = |index: usize| {
        let at = u32::try_from(index).unwrap_or(u32::MAX);
        let live = || object.get_index(look.reader.scope, at).ok_or_else(ValueError::thrown);
        looked_at(&inside.nth(index, live)?)
    };
    (0..length).map(|index| item(index).map_err(|error| error.at(index))).collect()
}

/// The entries of a Map, from keys and values in turn.
fn pairs<'s>(
    look: &Look<'_, 's, '_>,
    entries: v8::Local<'s, v8::Array>,
) -> Result<Vec<(JsValue, JsValue)>, ValueError> {
    let size = entries.length() / 2;
    look.reader.budget.entries(size as usize)?;
    let inside = look.inside()?;
    let part = |index| {
        let live = || entries.get_index(look.reader.scope, index).ok_or_else(ValueError::thrown);
        looked_at(&inside.nth(index as usize, live)?)
    };
    let pair = |index| {
        let key = part(2 * index).map_err(|error| error.at_key(index as usize))?;
        let value = part(2 * index + 1).map_err(|error| match &key {
            JsValue::String(name) => error.inside(name.clone()),
            JsValue::Number(_) | JsValue::BigInt { .. } => error.inside(key.describe()),
            _ => error.at(index as usize),
        })?;
        Ok((key, value))
    };
    (0..size).map(pair).collect()
}

/// The elements of a list, with the kind of the list.
fn list_of(value: Value<'_>, values: Vec<JsValue>) -> JsValue {
    type Test = fn(&v8::Value) -> bool;
    const KINDS: [(Test, &str); 8] = [
        (v8::Value::is_int8_array, "Int8"),
        (v8::Value::is_int16_array, "Int16"),
        (v8::Value::is_uint16_array, "Uint16"),
        (v8::Value::is_int32_array, "Int32"),
        (v8::Value::is_uint32_array, "Uint32"),
        (v8::Value::is_float16_array, "Float16"),
        (v8::Value::is_float32_array, "Float32"),
        (v8::Value::is_float64_array, "Float64"),
    ];
    let numbers = values.iter().filter_map(|value| match value {
        JsValue::Number(number) => Some(*number),
        _ => None,
    });
    if value.is_set() {
        return JsValue::Set(values);
    }
    if is_bytes(value) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the elements are bytes"
        )]
        return buffer_of(value, numbers.map(|number| number as u8).collect());
    }
    match KINDS.iter().find(|(is, _)| is(&value)) {
        Some((_, kind)) => JsValue::Numbers { kind, values: numbers.collect() },
        // The elements of a typed array of BigInts are no Numbers.
        None => JsValue::Array(values),
    }
}

/// The names of the properties that an Error is read from.
fn error_names<'s>(reader: Reader<'_, 's, '_>) -> Result<v8::Local<'s, v8::Array>, ValueError> {
    let mut names = Vec::with_capacity(3);
    for name in ["name", "message", "cause"] {
        names.push(js_string(reader.scope, name, v8::NewStringType::Internalized)?.into());
    }
    engine::list(reader.scope, &names).ok_or_else(terminated)
}

/// An Error, whose parts may be on its prototypes.
fn error<'s>(
    look: &Look<'_, 's, '_>,
    object: v8::Local<'s, v8::Object>,
    names: v8::Local<'s, v8::Array>,
) -> Result<JsValue, ValueError> {
    look.reader.budget.nodes(3)?;
    let inside = look.inside()?;
    let part = |(at, name): (u32, &'static str)| {
        let live = || property(look.reader, object, names, at).map(|(_, value)| value);
        looked_at(&inside.nth(at as usize, live)?).map_err(|error| error.inside(name))
    };
    Ok(error_of(part((0, "name"))?, part((1, "message"))?, part((2, "cause"))?))
}

/// A property, by the index of its name.
fn property<'s>(
    reader: Reader<'_, 's, '_>,
    object: v8::Local<'s, v8::Object>,
    names: v8::Local<'s, v8::Array>,
    at: u32,
) -> Result<(Value<'s>, Value<'s>), ValueError> {
    let key = key(reader, names, at)?;
    Ok((key, reader.get(object, key)?))
}

fn key<'s>(
    reader: Reader<'_, 's, '_>,
    names: v8::Local<'s, v8::Array>,
    at: u32,
) -> Result<Value<'s>, ValueError> {
    names.get_index(reader.scope, at).ok_or_else(|| ValueError::new("a property's name", "none"))
}

fn fields<'s>(
    look: &Look<'_, 's, '_>,
    object: v8::Local<'s, v8::Object>,
    names: v8::Local<'s, v8::Array>,
) -> Result<JsValue, ValueError> {
    let reader = look.reader;
    reader.budget.items(names.length() as usize)?;
    let inside = look.inside()?;
    let mut fields = Vec::with_capacity(names.length() as usize);
    for index in 0..names.length() {
        let key = key(reader, names, index)?;
        let name = match observe(inside.reader.of(key))? {
            JsValue::String(name) => name,
            // Without this property, the object would be another value.
            JsValue::Other(Unrepresentable::Text(fault)) => {
                return Ok(JsValue::Other(Unrepresentable::PropertyName(fault)));
            }
            _ => return Ok(JsValue::Other(Unrepresentable::Kind(JsKind::Object))),
        };
        let value = inside.nth(index as usize, || reader.get(object, key)).and_then(|look| looked_at(&look));
        fields.push((name.clone(), value.map_err(|error| error.inside(name))?));
    }
    Ok(JsValue::Object(fields))
}

/// An object whose values were all read at once.
fn taken<'s>(
    look: &Look<'_, 's, '_>,
    values: v8::Local<'s, v8::Array>,
    names: &[&'static str],
) -> Result<JsValue, ValueError> {
    look.reader.budget.items(names.len())?;
    let inside = look.inside()?;
    let field = |(at, name): (usize, &&'static str)| {
        let index = u32::try_from(at).unwrap_or(u32::MAX);
        let live = || values.get_index(look.reader.scope, index).ok_or_else(ValueError::thrown);
        let value = inside.nth(at, live).and_then(|look| looked_at(&look));
        Ok(((*name).to_owned(), value.map_err(|error| error.inside(*name))?))
    };
    names.iter().enumerate().map(field).collect::<Result<Vec<_>, ValueError>>().map(JsValue::Object)
}
