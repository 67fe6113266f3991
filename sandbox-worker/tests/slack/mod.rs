//! What tests ask of time. A guest that V8 can end is left to V8 for long: a process that gets no processor is not overdue.

#![allow(dead_code, unused_imports, reason = "each test uses some of it")]

use sandbox_runtime::process::Process;

#[path = "../../../tests/slack/mod.rs"]
mod common;
pub(crate) use common::{LONG, again, is_in_time, is_quiet, long};

pub(crate) fn worker() -> Process {
    let process = Process::new().program(env!("CARGO_BIN_EXE_sandbox-worker"));
    if is_quiet() { process } else { process.grace(LONG) }
}
