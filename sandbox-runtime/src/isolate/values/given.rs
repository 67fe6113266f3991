//! Numbers for values of a guest that may be handles, on their way over a link.
//!
//! Only the reader at the other end knows where its types have handles. So each value that can have methods gets a number beside
//! its data. Plain data get none: objects without functions, and the lists of the language. Where a stream may be made of a value,
//! each object gets one.
//! A plain object whose functions are not enumerable is taken for data.

use std::any::TypeId;

use deno_core::v8;
use sandbox_core::spec::GivenKinds;

use super::read::Reader;
use crate::boundary::ValueError;
use crate::isolate::Isolate;
use crate::value::{GivenNumber, JsKind, JsValue, Unrepresentable};

/// The data of a value, with a number if the value may be a handle. The number costs one value of the budget.
#[inline(never)]
pub(super) fn given(
    reader: Reader<'_, '_, '_>,
    data: JsValue,
    gives: GivenKinds,
) -> Result<JsValue, ValueError> {
    let Ok(object) = reader.value.try_cast::<v8::Object>() else { return Ok(data) };
    let isolate = Isolate::current(reader.scope);
    let Some(isolate) = isolate.filter(|isolate| may_have_methods(isolate, reader, object, &data, gives))
    else {
        return Ok(data);
    };
    let Some(realm) = isolate.current_realm(reader.scope) else { return Ok(data) };
    reader.budget.nodes(1)?;
    let Some(marks) = realm.handles.marks(reader.scope, TypeId::of::<GivenNumber>()) else { return Ok(data) };
    let number = isolate.given.give(&realm, marks.number(reader.scope, object), |number| {
        marks.mark(reader.scope, object, number)?;
        Some(v8::Global::new(reader.scope, object))
    });
    Ok(match number {
        Some(number) => JsValue::given(number, data),
        None => data,
    })
}

/// Whether a value may be a handle. No code of a guest runs.
fn may_have_methods(
    isolate: &Isolate,
    reader: Reader<'_, '_, '_>,
    object: v8::Local<'_, v8::Object>,
    data: &JsValue,
    gives: GivenKinds,
) -> bool {
    // The prototypes that an object of the kind has, with that of all objects.
    let usual = match data {
        JsValue::Other(what) => {
            let is_cut =
                matches!(what, Unrepresentable::Excessive { .. } | Unrepresentable::ExcessiveText { .. });
            return !is_cut;
        }
        JsValue::Object(fields) if fields.iter().any(|(_, value)| is_function(value)) => return true,
        _ if gives == GivenKinds::Lists => return true,
        JsValue::Object(_) => 1,
        JsValue::Bytes(_) | JsValue::Numbers { .. } | JsValue::Error { .. } => 3,
        _ => 2,
    };
    has_class(isolate, reader, object, usual)
}

fn is_function(value: &JsValue) -> bool {
    let data = value.as_given().map_or(value, |(_, data)| data);
    let kinds = |what: &Unrepresentable| match what {
        Unrepresentable::Kind(kind) => matches!(kind, JsKind::Function | JsKind::Proxy),
        what => matches!(what, Unrepresentable::Handle(_)),
    };
    matches!(data, JsValue::Other(what) if kinds(what))
}

/// Whether an object has more prototypes than is usual.
fn has_class(
    isolate: &Isolate,
    reader: Reader<'_, '_, '_>,
    object: v8::Local<'_, v8::Object>,
    usual: usize,
) -> bool {
    let scope = reader.scope;
    let mut object = v8::Local::new(scope, object);
    for _ in 0..usual {
        let prototype =
            object.get_prototype(scope).and_then(|prototype| prototype.try_cast::<v8::Object>().ok());
        let Some(prototype) = prototype else { return false };
        if prototype.is_proxy() {
            return true;
        }
        if isolate.is_root_prototype(scope, prototype) {
            return false;
        }
        object = v8::Local::new(scope, prototype);
    }
    true
}
