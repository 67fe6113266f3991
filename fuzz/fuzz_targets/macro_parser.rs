//! See `src/macro_parser.rs`.

#![no_main]

// A crate of procedural macros cannot be called, so its modules are built into this one.
#[path = "../../sandbox-macros/src/args.rs"]
#[allow(dead_code, reason = "the derive macro uses the rest")]
mod args;
#[path = "../../sandbox-macros/src/asynchronous.rs"]
mod asynchronous;
#[path = "../../sandbox-macros/src/bounds.rs"]
mod bounds;
#[path = "../../sandbox-macros/src/check/mod.rs"]
mod check;
#[path = "../../sandbox-macros/src/emit/mod.rs"]
mod emit;
#[path = "../../sandbox-macros/src/errors.rs"]
mod errors;
#[path = "../../sandbox-macros/src/expand.rs"]
mod expand;
#[path = "../../sandbox-macros/src/fallback/mod.rs"]
mod fallback;
#[path = "../../sandbox-macros/src/model.rs"]
mod model;
#[path = "../../sandbox-macros/src/names.rs"]
#[allow(dead_code, reason = "the derive macro uses the rest")]
mod names;
#[path = "../../sandbox-macros/src/parse.rs"]
mod parse;
#[path = "../../sandbox-macros/src/paths.rs"]
mod paths;

#[path = "../src/macro_parser.rs"]
mod macro_parser;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    _ = macro_parser::run(bytes);
});
