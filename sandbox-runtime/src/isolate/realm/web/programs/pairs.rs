//! The lists of the classes that are lists of names and values, and their iterators.

use deno_core::v8;

use super::ops::{Arguments, natives};
use super::url::{array, empty as bare};
use super::{Value, WebProgram};

pub(super) const PROGRAM: WebProgram =
    WebProgram { name: "pairs", source: include_str!("pairs.js"), natives };

natives! { array, bare, inherit }

/// Has a prototype inherit from that of iterators, to which a generator's leads.
fn inherit<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let prototype = arguments.get(0).try_cast::<v8::Object>().ok()?;
    let generator = arguments.get(1).try_cast::<v8::Object>().ok()?;
    let generators = generator.get_prototype(scope)?.try_cast::<v8::Object>().ok()?;
    prototype.set_prototype(scope, generators.get_prototype(scope)?)?;
    None
}
