//! What is measured of this project, ready to be called.

use std::time::Duration;

use sandbox_runtime::{Limits, Local, LocalSandbox, Remote, Sandbox, Script};

use crate::contracts::{
    Direct, FIRST, First, FirstProxy, GUEST, Guest, GuestProxy, Host, Loops, LoopsProxy, TASK, Task,
    TaskProxy, Twice, loops,
};

/// Limits that no benchmark reaches; all else is as it comes.
#[must_use]
pub fn limits() -> Limits {
    Limits { wall: Duration::from_secs(3600), host_calls: u64::MAX, ..Limits::default() }
}

/// The script of [`first`], which reads every name of the global object before.
#[must_use]
pub fn every_name() -> Script {
    reading("for (const name of Object.getOwnPropertyNames(globalThis)) void globalThis[name];")
}

/// The script of [`first`] after a statement.
#[must_use]
pub fn reading(statement: &str) -> Script {
    Script::new("guest.mjs", format!("{statement} {FIRST}"))
}

/// A guest in this thread, for calls from the host.
#[must_use]
pub fn guest() -> GuestProxy<Local> {
    let sandbox = LocalSandbox::builder().limits(limits()).build().unwrap();
    sandbox.load::<dyn Guest>(Script::new("guest.mjs", format!("export default {GUEST};"))).unwrap()
}

/// A guest in this thread that calls the host in loops.
#[must_use]
pub fn hot_loops() -> LoopsProxy<Local> {
    let sandbox = LocalSandbox::builder().limits(limits()).host::<dyn Host>(Direct).build().unwrap();
    let source = format!("{} export const run = (name, turns) => loops[name](turns);", loops("Host."));
    sandbox.load::<dyn Loops>(Script::new("loops.mjs", source)).unwrap()
}

/// An asynchronous guest in this thread.
#[must_use]
pub fn task() -> TaskProxy<Local> {
    let sandbox = LocalSandbox::builder().host::<dyn Twice>(Direct).build().unwrap();
    sandbox.load::<dyn Task>(Script::new("task.mjs", TASK)).unwrap()
}

/// An asynchronous guest in a thread of its own.
#[must_use]
pub fn remote_task() -> TaskProxy<Remote> {
    let sandbox = Sandbox::builder().host::<dyn Twice>(Direct).build().unwrap();
    sandbox.load::<dyn Task>(Script::new("task.mjs", TASK)).unwrap()
}

/// The script whose first call is waited for.
#[must_use]
pub fn first() -> Script {
    Script::new("first.mjs", FIRST)
}

/// A sandbox that is called once, and what it gave.
#[must_use]
pub fn called_sandbox() -> (LocalSandbox, FirstProxy<Local>) {
    let sandbox = LocalSandbox::builder().build().unwrap();
    let guest = sandbox.load::<dyn First>(first()).unwrap();
    assert_eq!(guest.add(2.0, 3.0).unwrap(), 5.0);
    (sandbox, guest)
}
