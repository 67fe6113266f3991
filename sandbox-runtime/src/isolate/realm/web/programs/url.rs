//! `URL` and `URLSearchParams`, by the crate `url`. A URL of a guest is its text, which each function parses.

use std::borrow::Cow;

use deno_core::v8;
use url::{Url, form_urlencoded, quirks};

use super::ops::{Arguments, give_text, natives, number, text};
use super::{Value, WebProgram};
use crate::isolate::engine::text::js_string;
use crate::isolate::engine::{self, list};
use crate::isolate::intrinsics;

pub(super) const PROGRAM: WebProgram = WebProgram { name: "url", source: include_str!("url.js"), natives };

natives! { parse, part, assign, split, join, sorted, well, array, keys, alias }

/// The length of a URL, at most, in bytes: that of browsers.
const LONGEST: usize = 2 << 20;

fn parsed(text: &str, base: Option<&Url>) -> Option<Url> {
    if text.len() > LONGEST {
        return None;
    }
    Url::options().base_url(base).parse(text).ok()
}

/// The text of a URL by the text and the base of a guest; `undefined` if that is none.
fn parse<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let given = text(scope, arguments.get(0))?;
    let base = match arguments.get(1) {
        base if base.is_undefined() => None,
        base => Some(parsed(&text(scope, base)?, None)?),
    };
    give_text(scope, parsed(&given, base.as_ref())?.as_str())
}

/// A part of a URL.
fn part<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let url = parsed(&text(scope, arguments.get(0))?, None)?;
    let part: Cow<'_, str> = match number(arguments.get(1)) {
        0 => quirks::origin(&url).into(),
        1 => quirks::protocol(&url).into(),
        2 => quirks::username(&url).into(),
        3 => quirks::password(&url).into(),
        4 => quirks::host(&url).into(),
        5 => quirks::hostname(&url).into(),
        6 => quirks::port(&url).into(),
        7 => quirks::pathname(&url).into(),
        8 => quirks::search(&url).into(),
        _ => quirks::hash(&url).into(),
    };
    give_text(scope, &part)
}

/// The text of a URL with another part. A text that is no such part changes nothing, and neither does one that is too long.
fn assign<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let mut url = parsed(&text(scope, arguments.get(0))?, None)?;
    let value = text(scope, arguments.get(2))?;
    if value.len() > LONGEST {
        return Some(arguments.get(0));
    }
    _ = match number(arguments.get(1)) {
        1 => quirks::set_protocol(&mut url, &value),
        2 => quirks::set_username(&mut url, &value),
        3 => quirks::set_password(&mut url, &value),
        4 => quirks::set_host(&mut url, &value),
        5 => quirks::set_hostname(&mut url, &value),
        6 => quirks::set_port(&mut url, &value),
        7 => {
            quirks::set_pathname(&mut url, &value);
            Ok(())
        }
        8 => {
            quirks::set_search(&mut url, &value);
            Ok(())
        }
        _ => {
            quirks::set_hash(&mut url, &value);
            Ok(())
        }
    };
    // The parts are read from the text, so a text that is read as another URL would not be what its own parts say.
    match parsed(url.as_str(), None) {
        None => Some(arguments.get(0)),
        Some(url) => give_text(scope, url.as_str()),
    }
}

/// A list of the program, which has no prototype.
pub(super) fn bare<'s>(scope: &v8::PinScope<'s, '_>, items: &[Value<'s>]) -> Option<Value<'s>> {
    let list = list(scope, items)?;
    list.set_prototype(scope, v8::null(scope).into())?;
    Some(list.into())
}

/// An empty list of the program.
pub(super) fn empty<'s>(scope: &v8::PinScope<'s, '_>, _: &Arguments<'s>) -> Option<Value<'s>> {
    bare(scope, &[])
}

/// Names and values in turn, as a list of the program.
pub(super) fn pairs_of<'s>(
    scope: &v8::PinScope<'s, '_>,
    pairs: form_urlencoded::Parse<'_>,
) -> Option<Value<'s>> {
    let mut items = Vec::new();
    for (name, value) in pairs {
        for part in [name, value] {
            items.push(js_string(scope, &part, v8::NewStringType::Normal).ok()?.into());
        }
    }
    bare(scope, &items)
}

/// The names and values of a query, in turn.
fn split<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let query = text(scope, arguments.get(0))?;
    pairs_of(scope, form_urlencoded::parse(query.strip_prefix('?').unwrap_or(&query).as_bytes()))
}

/// The texts of a list of the program.
pub(super) fn items<'s>(scope: &v8::PinScope<'s, '_>, value: Value<'s>) -> Option<Vec<Value<'s>>> {
    let list = value.try_cast::<v8::Array>().ok()?;
    (0..list.length()).map(|index| list.get_index(scope, index)).collect()
}

/// The query of names and values.
fn join<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for pair in items(scope, arguments.get(0))?.as_chunks::<2>().0 {
        query.append_pair(&text(scope, pair[0])?, &text(scope, pair[1])?);
    }
    give_text(scope, &query.finish())
}

/// The list in the order of the names' 16-bit units.
fn sorted<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let items = items(scope, arguments.get(0))?;
    let units = |value: Value<'s>| {
        let string = value.try_cast::<v8::String>().ok()?;
        Some(engine::units(scope, string, engine::length(scope, string)))
    };
    let pairs = items.as_chunks::<2>().0.iter().map(|pair| Some((units(pair[0])?, *pair)));
    let mut pairs = pairs.collect::<Option<Vec<_>>>()?;
    pairs.sort_by(|one, other| one.0.cmp(&other.0));
    bare(scope, &pairs.into_iter().flat_map(|(_, pair)| pair).collect::<Vec<_>>())
}

/// A text with U+FFFD in the place of each lone surrogate.
pub(super) fn well<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    give_text(scope, &text(scope, arguments.get(0))?)
}

/// An Array of the guest, of the items of a list of the program.
pub(super) fn array<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    list(scope, &items(scope, arguments.get(0))?).map(Into::into)
}

/// The names of the own enumerable properties.
pub(super) fn keys<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    intrinsics::names(scope, arguments.get(0).try_cast().ok()?).map(Into::into)
}

/// Gives a method of a prototype a second key.
pub(super) fn alias<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let prototype = arguments.get(0).try_cast::<v8::Object>().ok()?;
    let method = prototype.get(scope, arguments.get(2))?;
    let key = arguments.get(1).try_cast::<v8::Name>().ok()?;
    prototype.define_own_property(scope, key, method, v8::PropertyAttribute::DONT_ENUM)?;
    None
}
