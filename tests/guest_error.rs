//! What derived impls show of errors.
#![deny(warnings, clippy::all, clippy::pedantic)]

use std::fmt::{self, Debug, Display};

use sandbox_runtime::{GuestError, GuestView};
use serde_json::json;
use thiserror::Error;

fn view(class: &'static str, message: &str) -> GuestView {
    GuestView::new(class, message)
}

#[derive(Debug, Error, GuestError)]
enum StoreError {
    #[error("no product {sku} in shard {shard}")]
    #[guest(class = "RangeError", message = "no such product: {sku}")]
    NotFound {
        #[guest]
        sku: String,
        shard: u32,
    },
    #[guest]
    #[error("busy")]
    Busy,
    #[guest]
    #[error("idle")]
    Idle,
    #[guest(transparent)]
    #[error(transparent)]
    Inner(#[from] Refused),
    #[error("database: {0}")]
    Database(String),
    #[error("disk {disk}")]
    Disk { disk: u8 },
}

#[derive(Debug, Error, GuestError)]
#[error("refused: {0}")]
#[guest(class = "Refused", message = "{0:?} of {{{1}}}, {0:>3}")]
struct Refused(#[guest(rename = "reason-code")] u8, u8, u8);

#[test]
fn an_enum_shows_what_is_marked() {
    let shown = StoreError::NotFound { sku: "a".to_owned(), shard: 1 }.for_guest();
    assert_eq!(shown, Some(view("RangeError", "no such product: a").with("sku", "a")));
    assert_eq!(StoreError::Busy.for_guest(), Some(view("Error", "busy")));
    assert_eq!(StoreError::Idle.for_guest(), Some(view("Error", "idle")));
    assert_eq!(StoreError::Database("password".to_owned()).for_guest(), None);
    assert_eq!(StoreError::Disk { disk: 1 }.for_guest(), None);
}

#[test]
fn a_transparent_variant_shows_the_inner_error() {
    let shown = StoreError::from(Refused(1, 2, 3)).for_guest();
    assert_eq!(shown, Some(view("Refused", "1 of {2},   1").with("reason-code", &1)));
}

#[derive(Debug, Error, GuestError)]
#[error("not yours")]
struct Opaque;

#[derive(Debug, Error, GuestError)]
#[error("opaque {inner}")]
#[guest(crate = ::sandbox_runtime)]
struct OpaqueElsewhere {
    inner: u8,
}

#[derive(Debug, Error, GuestError)]
#[error(transparent)]
#[guest(transparent)]
struct Wrapper {
    inner: Refused,
}

#[derive(Debug, Error, GuestError)]
#[error("at {line_number}")]
#[guest(message = "{{no}} arguments")]
struct Parse {
    #[guest]
    line_number: u32,
    #[guest]
    r#type: Option<u8>,
}

#[test]
fn a_struct_is_seen_if_it_is_marked() {
    assert_eq!(Opaque.for_guest(), None);
    assert_eq!(OpaqueElsewhere { inner: 1 }.for_guest(), None);
    assert_eq!(Wrapper { inner: Refused(1, 2, 3) }.for_guest(), Refused(1, 2, 3).for_guest());
    let shown = Parse { line_number: 2, r#type: None }.for_guest();
    let expected = view("Error", "{no} arguments").with("lineNumber", &2).with("type", &json!(null));
    assert_eq!(shown, Some(expected));
}

#[derive(Debug, Error, GuestError)]
#[guest(class = "StoreError")]
enum Classes {
    #[error("a")]
    #[guest]
    Default,
    #[error("b")]
    #[guest(class = "TypeError")]
    Own,
    #[error("{type}")]
    #[guest(message = "the type { type }")]
    Keyword { r#type: u8 },
}

#[test]
fn an_enum_has_a_class_for_all() {
    assert_eq!(Classes::Default.for_guest(), Some(view("StoreError", "a")));
    assert_eq!(Classes::Own.for_guest(), Some(view("TypeError", "b")));
    assert_eq!(Classes::Keyword { r#type: 1 }.for_guest(), Some(view("StoreError", "the type 1")));
}

#[derive(Debug, GuestError)]
enum Generic<'a, K: Display + serde::Serialize, E, const N: usize>
where
    K: Debug,
{
    #[guest(message = "{key} of {list:?}")]
    Key {
        #[guest]
        key: K,
        list: &'a [u8; N],
    },
    #[guest(transparent)]
    Inner(E),
}

impl<K: Display + Debug + serde::Serialize, E, const N: usize> Display for Generic<'_, K, E, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("generic")
    }
}

#[test]
fn a_type_can_be_generic() {
    let key: Generic<'_, &str, StoreError, 2> = Generic::Key { key: "a", list: &[1, 2] };
    assert_eq!(key.for_guest(), Some(view("Error", "a of [1, 2]").with("key", "a")));
    let inner: Generic<'_, &str, StoreError, 2> = Generic::Inner(StoreError::Busy);
    assert_eq!(inner.for_guest(), StoreError::Busy.for_guest());
}

#[derive(Debug, Error, GuestError)]
enum Never {}

#[derive(Debug, Error, GuestError)]
enum Deprecated {
    #[deprecated]
    #[error("old")]
    #[guest]
    Old,
    #[error("same {0}")]
    #[guest(message = "same")]
    Unused(u8),
}

macro_rules! error {
    ($name:ident, $ty:ty) => {
        #[derive(Debug, Error, GuestError)]
        #[error("in a macro")]
        #[guest(message = "{value} in a macro")]
        struct $name {
            #[guest]
            value: $ty,
        }
    };
}

error!(InMacro, u8);

#[test]
#[expect(deprecated, reason = "the derived impl has no such warning of its own")]
fn a_variant_can_be_deprecated() {
    assert_eq!(Deprecated::Old.for_guest(), Some(view("Error", "old")));
}

#[test]
fn a_type_can_come_from_a_macro() {
    assert_eq!(InMacro { value: 1 }.for_guest(), Some(view("Error", "1 in a macro").with("value", &1)));
    assert_eq!(Deprecated::Unused(1).for_guest(), Some(view("Error", "same")));
    let _: Option<Never> = None;
}

macro_rules! sent {
    ($name:ident, $text:literal, $($ty:ty),*) => {
        #[derive(Debug, Error, GuestError)]
        #[error("sent")]
        #[guest(message = $text)]
        struct $name($(#[guest(rename = "value")] $ty),*);
    };
}

sent!(Sent, "value {0}", u8);

#[test]
fn parts_of_a_type_can_come_from_elsewhere() {
    assert_eq!(Sent(1).for_guest(), Some(view("Error", "value 1").with("value", &1)));
}
