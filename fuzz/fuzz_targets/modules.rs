//! See `src/modules.rs`.

#![no_main]

#[path = "../src/input.rs"]
mod input;
#[path = "../src/modules.rs"]
mod modules;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    _ = modules::run(bytes);
});
