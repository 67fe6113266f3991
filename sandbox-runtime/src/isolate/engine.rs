//! Starting V8, once a process.

use std::ffi::c_void;
use std::sync::Once;

use deno_core::{JsRuntime, v8};

/// Flags that are set before V8 starts; deno_core adds its own.
///
/// - `--no-turboshaft-loop-unrolling`: with that phase, V8 15.0 removes the interrupt check of a loop around
///   `new Array(n)`, and the loop can be ended neither by a time limit nor by the heap limit.
/// - `--no-compilation-cache`: the cache keeps the source of scripts that are long gone, and the guest's heap pays.
const FLAGS: &str = "--no-turboshaft-loop-unrolling --no-compilation-cache";

/// Starts V8. Later calls do nothing.
pub(crate) fn start() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        v8::V8::set_flags_from_string(FLAGS);
        // Without memory protection keys: with them, an isolate that is made on a thread older than V8's start
        // crashes the process, and a library does not choose the threads that it is called on.
        let unprotected = true;
        let platform = v8::new_custom_platform(background_threads(), false, unprotected, NoForegroundTasks);
        JsRuntime::init_platform(Some(platform.make_shared()));
    });
}

/// V8 collects garbage and compiles on threads of its own; more than four gain nothing.
fn background_threads() -> u32 {
    std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).map_or(4, |n| n.min(4)))
}

/// Drops what V8 wants done on an isolate's thread between calls.
///
/// These are hints to collect garbage while idle, and the callbacks of a FinalizationRegistry, which a realm
/// does not have. Kept, they would be a queue that a guest can fill; run, they would be guest code outside of a
/// call.
struct NoForegroundTasks;

impl v8::PlatformImpl for NoForegroundTasks {
    fn post_task(&self, _: *mut c_void, task: v8::Task) {
        drop(task);
    }
    fn post_non_nestable_task(&self, _: *mut c_void, task: v8::Task) {
        drop(task);
    }
    fn post_delayed_task(&self, _: *mut c_void, task: v8::Task, _: f64) {
        drop(task);
    }
    fn post_non_nestable_delayed_task(&self, _: *mut c_void, task: v8::Task, _: f64) {
        drop(task);
    }
    fn post_idle_task(&self, _: *mut c_void, task: v8::IdleTask) {
        drop(task);
    }
}
