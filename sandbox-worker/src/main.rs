//! The process of a guest, for applications that do not want to be started again themselves: see
//! `sandbox_runtime::process::Process::program`.
#![allow(clippy::print_stderr, reason = "a program")]

fn main() {
    sandbox_runtime::process::init();
    eprintln!(
        "sandbox-worker is started by an application, which it runs guests for; it does nothing by itself"
    );
    std::process::exit(2);
}
