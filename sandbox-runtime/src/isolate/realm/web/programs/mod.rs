//! The programs that the names of the web come from, with their functions. QuickJS has none of [`OF_V8`].

#[cfg(not(feature = "quickjs"))]
mod base64;
#[cfg(not(feature = "quickjs"))]
mod body;
#[cfg(not(feature = "quickjs"))]
mod buffer;
#[cfg(not(feature = "quickjs"))]
mod clone;
#[cfg(not(feature = "quickjs"))]
mod crypto;
#[cfg(not(feature = "quickjs"))]
mod decoder;
mod dom;
#[cfg(not(feature = "quickjs"))]
mod encoding;
mod events;
#[cfg_attr(
    feature = "quickjs",
    allow(dead_code, unused_imports, reason = "the programs of V8 use the most of it")
)]
mod ops;
#[cfg(not(feature = "quickjs"))]
mod pairs;
mod timers;
#[cfg(not(feature = "quickjs"))]
mod url;

use deno_core::v8;

use super::{Given, Natives, Row, Value, WebProgram, function};
use crate::isolate::realm::realm_globals::now;
use crate::options::Web;

/// `queueMicrotask`.
const TASKS: WebProgram = WebProgram { name: "tasks", source: include_str!("tasks.js"), natives: no_natives };
/// `performance`.
const PERFORMANCE: WebProgram =
    WebProgram { name: "performance", source: include_str!("performance.js"), natives: clock };
/// `process`.
const NODE: WebProgram = WebProgram { name: "node", source: include_str!("node.js"), natives: no_natives };

/// `MessageChannel`, `MessagePort` and `MessageEvent`.
#[cfg(not(feature = "quickjs"))]
const MESSAGES: WebProgram =
    WebProgram { name: "messages", source: include_str!("messages.js"), natives: no_natives };

/// The program of `AbortSignal`.
pub(super) const SIGNALS: &WebProgram = &events::SIGNALS;

/// The names, as [`super::NAMES`] has them.
pub(super) const NAMES: &[Row] = &[
    ("AbortController", Given::With(Web::ABORT), Some(&events::SIGNALS)),
    ("AbortSignal", Given::With(Web::ABORT), Some(&events::SIGNALS)),
    ("CustomEvent", Given::With(Web::EVENTS), Some(&events::EVENTS)),
    ("DOMException", Given::With(Web::ERRORS), Some(&dom::PROGRAM)),
    ("Event", Given::With(Web::EVENTS), Some(&events::EVENTS)),
    ("EventTarget", Given::With(Web::EVENTS), Some(&events::EVENTS)),
    ("Performance", Given::With(Web::PERFORMANCE), Some(&PERFORMANCE)),
    ("performance", Given::With(Web::PERFORMANCE), Some(&PERFORMANCE)),
    ("process", Given::With(Web::PROCESS), Some(&NODE)),
    ("clearImmediate", Given::With(Web::TIMERS), Some(&timers::PROGRAM)),
    ("clearInterval", Given::With(Web::TIMERS), Some(&timers::PROGRAM)),
    ("clearTimeout", Given::With(Web::TIMERS), Some(&timers::PROGRAM)),
    ("queueMicrotask", Given::With(Web::TASKS), Some(&TASKS)),
    ("setImmediate", Given::With(Web::TIMERS), Some(&timers::PROGRAM)),
    ("setInterval", Given::With(Web::TIMERS), Some(&timers::PROGRAM)),
    ("setTimeout", Given::With(Web::TIMERS), Some(&timers::PROGRAM)),
];

/// The names of V8 alone.
#[cfg(feature = "quickjs")]
pub(super) const OF_V8: &[Row] = &[];

/// The names of V8 alone.
#[cfg(not(feature = "quickjs"))]
pub(super) const OF_V8: &[Row] = &[
    ("Blob", Given::With(Web::FETCH), Some(&body::BLOB)),
    ("Buffer", Given::With(Web::BUFFER), Some(&buffer::PROGRAM)),
    ("Crypto", Given::With(Web::CRYPTO), Some(&crypto::PROGRAM)),
    ("CryptoKey", Given::With(Web::CRYPTO), Some(&crypto::PROGRAM)),
    ("File", Given::With(Web::FETCH), Some(&body::BLOB)),
    ("FormData", Given::With(Web::FETCH), Some(&body::BLOB)),
    ("Headers", Given::With(Web::FETCH), Some(&body::FETCH)),
    ("MessageChannel", Given::With(Web::MESSAGES), Some(&MESSAGES)),
    ("MessageEvent", Given::With(Web::MESSAGES), Some(&MESSAGES)),
    ("MessagePort", Given::With(Web::MESSAGES), Some(&MESSAGES)),
    ("Request", Given::With(Web::FETCH), Some(&body::FETCH)),
    ("Response", Given::With(Web::FETCH), Some(&body::FETCH)),
    ("SubtleCrypto", Given::With(Web::CRYPTO), Some(&crypto::PROGRAM)),
    ("TextDecoder", Given::With(Web::ENCODING), Some(&encoding::PROGRAM)),
    ("TextEncoder", Given::With(Web::ENCODING), Some(&encoding::PROGRAM)),
    ("URL", Given::With(Web::URL), Some(&url::PROGRAM)),
    ("URLSearchParams", Given::With(Web::URL), Some(&url::PROGRAM)),
    ("atob", Given::With(Web::BASE64), Some(&base64::PROGRAM)),
    ("btoa", Given::With(Web::BASE64), Some(&base64::PROGRAM)),
    ("crypto", Given::With(Web::CRYPTO), Some(&crypto::PROGRAM)),
    ("fetch", Given::Requests, Some(&body::FETCH)),
    ("structuredClone", Given::With(Web::CLONE), Some(&clone::PROGRAM)),
];

/// The program with this name that others use.
pub(super) fn shared(name: &str) -> Option<&'static WebProgram> {
    const BOTH: &[&WebProgram] =
        &[&dom::PROGRAM, &PERFORMANCE, &events::EVENTS, &events::SIGNALS, &timers::PROGRAM];
    #[cfg(feature = "quickjs")]
    const OTHERS: &[&WebProgram] = &[];
    #[cfg(not(feature = "quickjs"))]
    const OTHERS: &[&WebProgram] = &[&body::BLOB, &clone::PROGRAM, &pairs::PROGRAM, &url::PROGRAM];
    BOTH.iter().chain(OTHERS).copied().find(|program| program.name == name)
}

#[expect(clippy::unnecessary_wraps, reason = "as the functions of all programs")]
fn no_natives<'s>(_: &v8::PinScope<'s, '_>) -> Option<Natives<'s>> {
    Some(Vec::new())
}

fn clock<'s>(scope: &v8::PinScope<'s, '_>) -> Option<Natives<'s>> {
    Some(vec![("now", function(scope, "now", now)?.into())])
}
