//! See `src/strip.rs`.

#![no_main]

#[path = "../src/strip.rs"]
mod strip;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    _ = strip::run(bytes);
});
