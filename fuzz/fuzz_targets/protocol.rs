//! See `src/protocol.rs`.

#![no_main]

#[path = "../src/protocol.rs"]
mod protocol;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    _ = protocol::run(bytes);
});
