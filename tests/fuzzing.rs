//! Values that nobody thought of: each type of `tests/every` against 10,000 hostile values in each direction and against
//! all that its schema refuses; and what `fuzz_guest` and `fuzz_host` find.
//!
//! On V8 only: QuickJS's layer is not made for hostile values by the ten thousand, and is slow with them.
#![cfg(not(feature = "quickjs"))]

#[allow(dead_code, reason = "each test uses some of it")]
mod every;

#[path = "fuzzing/guests.rs"]
mod guests;
#[path = "fuzzing/handles.rs"]
mod handles;
#[path = "fuzzing/hostile.rs"]
mod hostile;
#[path = "fuzzing/hosts.rs"]
mod hosts;
mod slack;
