//! Counts the resizable buffers of a realm.
//!
//! V8 reserves their memory itself, and asks no allocator. So the constructors and `transfer` are replaced before any code of a
//! guest runs. A buffer counts with its greatest length, from its construction until it is collected. `resize` and `grow` cannot
//! go beyond that length.

use deno_core::v8;

use super::realm_globals::{function, program};
use crate::isolate::engine::Buffers;
use crate::isolate::state::Isolate;

/// Replaces the constructors of buffers, and `transfer`. Runs before the contracts' globals are defined, and before any global
/// is removed.
pub(super) fn count(scope: &v8::PinScope<'_, '_>) -> Option<()> {
    if !Buffers::COUNTS_RESIZABLE {
        return Some(());
    }
    let (fits, hold) = (function(scope, "fits", fits)?, function(scope, "hold", hold)?);
    let names = [("fits", fits.into()), ("hold", hold.into())];
    program(scope, "buffers", include_str!("buffers.js"), &names).map(drop)
}

/// Whether there is room for a buffer of so many bytes.
fn fits(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: v8::FunctionCallbackArguments<'_>,
    mut result: v8::ReturnValue<'_>,
) {
    let bytes = bytes(scope, arguments.get(0));
    let room = Isolate::current(scope)
        .is_some_and(|isolate| isolate.with_room(|buffers| buffers.has_room(bytes).then_some(())).is_some());
    result.set_bool(room);
}

/// Counts a new buffer. Returns false beyond the limit.
fn hold(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: v8::FunctionCallbackArguments<'_>,
    mut result: v8::ReturnValue<'_>,
) {
    let (buffer, bytes) = (arguments.get(0), bytes(scope, arguments.get(1)));
    let store = match buffer.try_cast::<v8::ArrayBuffer>() {
        Ok(buffer) => Some(buffer.get_backing_store()),
        Err(_) => buffer.try_cast::<v8::SharedArrayBuffer>().ok().map(|buffer| buffer.get_backing_store()),
    };
    let held = Isolate::current(scope)
        .zip(store)
        .and_then(|(isolate, store)| isolate.with_room(|buffers| buffers.hold(&store, bytes).then_some(())));
    result.set_bool(held.is_some());
}

/// A length that JavaScript gives: not a number counts as 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, and NaN becomes 0"
)]
fn bytes(scope: &v8::PinScope<'_, '_>, length: v8::Local<'_, v8::Value>) -> usize {
    length.number_value(scope).unwrap_or(f64::INFINITY) as usize
}
