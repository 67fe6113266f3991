//! Tests of what only the inside of the crate can see.

// The layer of QuickJS knows neither descriptors nor the realm of an object.
#[cfg(not(feature = "quickjs"))]
mod realms;
// QuickJS's isolates are not entered.
#[cfg(not(feature = "quickjs"))]
mod entry;
// On V8 deno_core has no realm.
#[cfg(any(feature = "quickjs", sandbox_leaky))]
mod with_deno;

// Only Linux has the scheduling class of slow threads.
#[cfg(target_os = "linux")]
mod starved;

mod pause;

#[cfg(not(feature = "quickjs"))]
mod child;
// The layer of QuickJS takes the size of its stack from the process.
#[cfg(not(feature = "quickjs"))]
mod reentry;
#[cfg(not(feature = "quickjs"))]
mod stack;

#[cfg(not(feature = "quickjs"))]
use std::rc::Rc;

use deno_core::v8;

use super::*;
#[cfg(not(feature = "quickjs"))]
use crate::error::Error;
use crate::isolate::values::owned_to_guest;
use crate::observe::CallKind;
use crate::options::Settings;
use crate::sandbox_api;
use crate::stack::StackEnd;
use crate::value::Bytes;

/// Code of a test.
const CODE: CallKind<'static> = CallKind::Realm;

#[sandbox_api(host, crate = crate)]
pub(crate) trait Sum {
    fn sum(&self, a: f64, b: f64) -> f64;
    fn join(&self, a: &str, b: &str) -> String;
}

struct Plus;
impl Sum for Plus {
    fn sum(&self, a: f64, b: f64) -> f64 {
        a + b
    }
    fn join(&self, a: &str, b: &str) -> String {
        format!("{a}{b}")
    }
}

/// A panic with its backtrace can take seconds on a busy machine, so the limits are long.
fn settings() -> Settings {
    let wall = std::time::Duration::from_secs(300);
    Settings { limits: crate::limits::Limits { wall, ..Default::default() }, ..Settings::default() }
}

/// The guest's array is over the memory that the host filled. QuickJS needs a copy.
#[test]
fn bytes_are_moved_and_not_copied() {
    let settings = settings();
    let stack = StackEnd::below_here(settings.limits.stack);
    let isolate = Isolate::new(settings, Vec::new(), stack).expect("it can be built");
    let bytes = vec![7; 1 << 20];
    let memory = bytes.as_ptr();
    let main = isolate.main_realm().expect("it lives");
    let moved = isolate.run(&main, CODE, |scope| {
        let value =
            owned_to_guest(scope, &isolate.budget(), Bytes::from(bytes)).expect("it is in the budget");
        let view = value.try_cast::<v8::Uint8Array>().expect("a Uint8Array");
        let buffer = view.buffer(scope).expect("its buffer");
        assert_eq!((view.byte_length(), view.byte_offset()), (1 << 20, 0));
        Ok(buffer.data().map(|data| data.as_ptr().cast::<u8>().cast_const()))
    });
    let is_moved = moved.expect("it runs") == Some(memory);
    assert_eq!(is_moved, engine::Engine::CURRENT == engine::Engine::V8);
}
