//! Bodies of requests and responses: bytes, texts and forms, and the rules of their headers.

use deno_core::v8;
use url::{Url, form_urlencoded};

use super::buffer::within_of;
use super::crypto::uuid;
use super::ops::{
    Arguments, buffered, bytes, copied, give_bytes, give_text, latin1, natives, number, span, text, too_long,
};
use super::url::{alias, array, bare as bare_list, empty as bare, items, keys, pairs_of, well};
use super::{Natives, Value, WebProgram, function};
use crate::isolate::engine::compile::get;
use crate::isolate::engine::list;
use crate::isolate::realm::own_keys;
use crate::isolate::realm::realm_globals::{key as named, now};
use crate::isolate::state::Isolate;
use crate::options::Web;

/// `Blob`, `File` and `FormData`.
pub(super) const BLOB: WebProgram =
    WebProgram { name: "blob", source: include_str!("blob.js"), natives: of_blob };

/// `Headers`, `Request`, `Response` and `fetch`.
pub(super) const FETCH: WebProgram = WebProgram { name: "fetch", source: include_str!("fetch.js"), natives };

natives! {
    address, alias, arranged, array, bare, buffered, copied, decoded, fields, gathered, host, keys, lend,
    header, content, lines, media, memory, mime, paired, parsed, part, phrase, printable, quoted, span, texted, twin, unpaired, utf8, uuid, verb, well,
}

fn of_blob<'s>(scope: &v8::PinScope<'s, '_>) -> Option<Natives<'s>> {
    let mut names = natives(scope)?;
    names.push(("now", function(scope, "now", now)?.into()));
    Some(names)
}

/// A copy of a list of the program.
fn twin<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    bare_list(scope, &items(scope, arguments.get(0))?)
}

/// Whether a value is an ArrayBuffer or a view of one.
fn memory<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let value = arguments.get(0);
    Some(v8::Boolean::new(scope, value.is_array_buffer() || value.is_array_buffer_view()).into())
}

/// The bytes of a list of bytes, one after the other.
fn gathered<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let most = Isolate::current(scope)?.settings.limits.buffers;
    let mut all = Vec::new();
    for item in items(scope, arguments.get(0))? {
        all.extend(bytes(scope, item)?);
        if all.len() > most {
            break;
        }
    }
    give_bytes(scope, all)
}

/// Bytes in the memory of bytes: an offset, and a number of bytes.
fn part<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let (start, count) = (number(arguments.get(1)), number(arguments.get(2)));
    within_of(scope, arguments.get(0), start, count).map(Into::into)
}

/// The bytes of a text as UTF-8; with a second argument that is true, with `\n` as the end of each line.
fn utf8<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let mut text = text(scope, arguments.get(0))?;
    if arguments.get(1).is_true() {
        text = text.replace("\r\n", "\n").replace('\r', "\n");
    }
    give_bytes(scope, text.into_bytes())
}

/// The text of bytes, which are UTF-8, without the mark at their begin.
fn decoded<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let bytes = bytes(scope, arguments.get(0))?;
    give_text(scope, &String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes)))
}

/// The type of a Blob: a text in lower case, or none if it has other characters than printable ones of ASCII.
fn printable<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let text = text(scope, arguments.get(0))?.to_ascii_lowercase();
    let is_printable = text.bytes().all(|byte| (0x20..=0x7e).contains(&byte));
    give_text(scope, if is_printable { &text } else { "" })
}

/// The name of a field of a form, as `multipart/form-data` has it.
fn quoted<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let text = text(scope, arguments.get(0))?;
    give_text(scope, &text.replace('\n', "%0A").replace('\r', "%0D").replace('"', "%22"))
}

/// A text whose lines end as those of a form do.
fn lines<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let text = text(scope, arguments.get(0))?;
    give_text(scope, &text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n"))
}

/// The names and values of a form in a text, in turn.
fn fields<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    pairs_of(scope, form_urlencoded::parse(text(scope, arguments.get(0))?.as_bytes()))
}

/// The type of a body without its parameters.
fn mime<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let text = text(scope, arguments.get(0))?.to_ascii_lowercase();
    give_text(scope, text.split(';').next().unwrap_or_default().trim())
}

/// The type of a body, without spaces around its parameters.
fn media<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let text = text(scope, arguments.get(0))?;
    give_text(scope, &text.split(';').map(str::trim).collect::<Vec<_>>().join(";"))
}

/// The value of a text of JSON. Throws a SyntaxError for another text.
fn parsed<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    v8::json::parse(scope, arguments.get(0).try_cast().ok()?)
}

/// The JSON of a value; `undefined` for a value that has none.
fn texted<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let value = arguments.get(0);
    if value.is_undefined() || value.is_function() || value.is_symbol() {
        return None;
    }
    v8::json::stringify(scope, value).map(Into::into)
}

/// Whether a text is a token of HTTP (RFC 9110, 5.6.2).
fn is_token(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_part)
}

/// The name of a header in lower case; `undefined` for a text that is none.
fn header<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let name = text(scope, arguments.get(0))?;
    give_text(scope, is_token(&name).then(|| name.to_ascii_lowercase())?.as_str())
}

/// Bytes as a string, a character for each.
fn give_latin1<'s>(scope: &v8::PinScope<'s, '_>, bytes: &[u8]) -> Option<Value<'s>> {
    let made = v8::String::new_from_one_byte(scope, bytes, v8::NewStringType::Normal);
    made.map(Into::into).or_else(|| too_long(scope))
}

/// The value of a header without the spaces around it; `undefined` for a text that is none.
fn content<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let value = latin1(scope, arguments.get(0))??;
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let start = value.iter().position(|byte| !is_space(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !is_space(byte)).map_or(start, |last| last + 1);
    let value = &value[start..end];
    if value.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n')) {
        return None;
    }
    give_latin1(scope, value)
}

/// The words of a status; `undefined` for a text that is none.
fn phrase<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let words = latin1(scope, arguments.get(0))??;
    let is_part = |byte: &u8| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f);
    words.iter().all(is_part).then(|| give_latin1(scope, &words))?
}

/// The names and values of a list, by name. Values of a name are joined, but for those of `set-cookie`.
fn arranged<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let items = items(scope, arguments.get(0))?;
    let pairs =
        items.as_chunks::<2>().0.iter().map(|[name, value]| Some((text(scope, *name)?, *name, *value)));
    let mut pairs = pairs.collect::<Option<Vec<_>>>()?;
    pairs.sort_by(|one, other| one.0.cmp(&other.0));
    let mut all: Vec<Value<'s>> = Vec::new();
    for group in pairs.chunk_by(|one, other| one.0 == other.0 && one.0 != "set-cookie") {
        let values = group.iter().map(|(_, _, value)| latin1(scope, *value)?);
        let value = match group {
            [(_, _, value)] => *value,
            _ => give_latin1(scope, &values.collect::<Option<Vec<_>>>()?.join(&b", "[..]))?,
        };
        all.extend([group[0].1, value]);
    }
    bare_list(scope, &all)
}

/// An Array of pairs, of names and values in turn.
fn paired<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let items = items(scope, arguments.get(0))?;
    let pairs = items.as_chunks::<2>().0.iter().map(|pair| list(scope, pair).map(Into::into));
    list(scope, &pairs.collect::<Option<Vec<_>>>()?).map(Into::into)
}

/// Names and values in turn, of an Array of pairs.
fn unpaired<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let mut all = Vec::new();
    for pair in items(scope, arguments.get(0))? {
        all.extend(items(scope, pair)?);
    }
    bare_list(scope, &all)
}

/// The text of an absolute URL; empty if it has a user or a password, and `undefined` for a text that is none.
fn address<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let url = Url::parse(&text(scope, arguments.get(0))?).ok()?;
    let has_user = !url.username().is_empty() || url.password().is_some();
    give_text(scope, if has_user { "" } else { url.as_str() })
}

/// The name of a method; `undefined` for a text that is none, and for the methods that no request may have.
fn verb<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    const USUAL: [&str; 6] = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"];
    const FORBIDDEN: [&str; 3] = ["CONNECT", "TRACE", "TRACK"];
    let given = text(scope, arguments.get(0))?;
    let upper = given.to_ascii_uppercase();
    if !is_token(&given) || FORBIDDEN.contains(&upper.as_str()) {
        return None;
    }
    give_text(scope, if USUAL.contains(&upper.as_str()) { &upper } else { &given })
}

/// Gives the methods of a prototype to another.
fn lend<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let from = arguments.get(0).try_cast::<v8::Object>().ok()?;
    let to = arguments.get(1).try_cast::<v8::Object>().ok()?;
    let keys = own_keys(scope, from)?;
    for index in 0..keys.length() {
        let key = keys.get_index(scope, index)?.try_cast::<v8::Name>().ok()?;
        if to.has_own_property(scope, key)? {
            continue;
        }
        let property = from.get_own_property_descriptor(scope, key)?.try_cast::<v8::Object>().ok()?;
        let is_value = property.has_own_property(scope, named(scope, "value")?)?;
        let mut descriptor = match is_value {
            true => v8::PropertyDescriptor::new_from_value_writable(get(scope, property, "value")?, true),
            false => v8::PropertyDescriptor::new_from_get_set(
                get(scope, property, "get")?,
                v8::undefined(scope).into(),
            ),
        };
        descriptor.set_configurable(true);
        to.define_property(scope, key, &descriptor)?;
    }
    None
}

/// The method `request` of the host's contract; `undefined` if the host has none.
fn host<'s>(scope: &v8::PinScope<'s, '_>, _: &Arguments<'s>) -> Option<Value<'s>> {
    // The host's global cannot be replaced.
    if !Isolate::current(scope)?.hosts.iter().any(|host| host.name() == Web::FETCH_HOST) {
        return None;
    }
    let global = scope.get_current_context().global(scope);
    let contract = get(scope, global, Web::FETCH_HOST)?.try_cast::<v8::Object>().ok()?;
    get(scope, contract, "request").filter(|request| request.is_function())
}
