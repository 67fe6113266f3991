//! See `src/boundary.rs`.

#![no_main]

#[path = "../src/boundary.rs"]
mod boundary;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    _ = boundary::run(bytes);
});
