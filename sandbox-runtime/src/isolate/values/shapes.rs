//! Makes and takes apart objects of known fields, with the functions of the current realm.
//!
//! `collect` makes objects, and `deserialize` takes them apart. The functions are `state::struct_shapes`.

use std::rc::Rc;

use deno_core::v8;

use super::write::terminated;
use crate::boundary::ValueError;
use crate::isolate::state::struct_shapes::{Names, StructShapes, Values};
use crate::isolate::{Isolate, Realm};
use crate::stack::StackEnd;

/// Makes an object; `None` when there is no function for it.
pub(super) fn make<'s>(
    scope: &v8::PinScope<'s, '_>,
    names: &Names,
    values: &Values<'s>,
) -> Result<Option<v8::Local<'s, v8::Value>>, ValueError> {
    let Some((realm, stack)) = realm(scope, names.len()) else { return Ok(None) };
    match realm.forms.maker(scope, stack, names) {
        Some(make) => make.call(scope, v8::undefined(scope).into(), values).map(Some).ok_or_else(terminated),
        None => Ok(None),
    }
}

/// The values of an object's fields, in their order. `None` when the object has other fields, or when there is no
/// function. A getter may run and may throw.
pub(super) fn take<'s>(
    scope: &v8::PinScope<'s, '_>,
    object: v8::Local<'s, v8::Object>,
    fields: &'static [&'static str],
) -> Result<Option<v8::Local<'s, v8::Array>>, ValueError> {
    let Some((realm, stack)) = realm(scope, fields.len()) else { return Ok(None) };
    let Some(take) = realm.forms.taker(scope, stack, fields) else { return Ok(None) };
    let taken = take.call(scope, v8::undefined(scope).into(), &[object.into()]);
    taken.map(|taken| taken.try_cast().ok()).ok_or_else(ValueError::thrown)
}

/// The current realm and the end of its stack, if it may have functions for objects of so many fields.
fn realm(scope: &v8::PinScope<'_, '_>, fields: usize) -> Option<(Rc<Realm>, StackEnd)> {
    if !StructShapes::may_have(fields) {
        return None;
    }
    let isolate = Isolate::current(scope)?;
    Some((isolate.current_realm(scope)?, isolate.stack()))
}
