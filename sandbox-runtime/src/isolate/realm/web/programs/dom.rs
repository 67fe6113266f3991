//! `DOMException`: errors of the engine with a class of their own.

use deno_core::v8;

use super::ops::{Arguments, hide, natives};
use super::{Value, WebProgram};
use crate::isolate::realm::realm_globals;
use crate::isolate::values::new_error;

pub(super) const PROGRAM: WebProgram = WebProgram { name: "dom", source: include_str!("dom.js"), natives };

natives! { make, inherit, hide }

/// An error with a message, a name and a prototype.
fn make<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let message = arguments.get(0).try_cast::<v8::String>().ok()?;
    let name = arguments.get(1).try_cast::<v8::String>().ok()?;
    let error = new_error(scope, "Error", message)?;
    realm_globals::hide(scope, error, "name", name.into())?;
    error.set_prototype(scope, arguments.get(2))?;
    Some(error.into())
}

/// Has a prototype inherit from that of errors.
fn inherit<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let error = new_error(scope, "Error", v8::String::empty(scope))?;
    let prototype = arguments.get(0).try_cast::<v8::Object>().ok()?;
    prototype.set_prototype(scope, error.get_prototype(scope)?)?;
    None
}
