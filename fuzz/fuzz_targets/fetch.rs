//! See `src/fetch.rs`.

#![no_main]

#[path = "../src/fetch.rs"]
mod fetch;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    _ = fetch::run(bytes);
});
