//! See `src/source_maps.rs`.

#![no_main]

#[path = "../src/source_maps.rs"]
mod source_maps;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    _ = source_maps::run(bytes);
});
