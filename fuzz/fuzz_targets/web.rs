//! See `src/web.rs`.

#![no_main]

#[path = "../src/input.rs"]
mod input;
#[path = "../src/web.rs"]
mod web;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    _ = web::run(bytes);
});
