//! The process of a guest, for applications that do not want to be started again themselves: see
//! `sandbox_runtime::process::Process::program`.
#![allow(clippy::print_stderr, reason = "a program")]

fn main() {
    sandbox_runtime::process::init();
    eprintln!(
        "sandbox-worker runs guests for an application that starts it. Do not start it by hand: see `Process::program` of the crate `sandbox-runtime`"
    );
    std::process::exit(2);
}
