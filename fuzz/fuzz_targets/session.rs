//! See `src/session.rs`.

#![no_main]

#[path = "../src/session.rs"]
mod session;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    _ = session::run(bytes);
});
