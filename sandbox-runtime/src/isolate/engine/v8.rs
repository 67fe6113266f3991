//! V8: its flags, its start, and the functions that the crate `v8` does not bind.
//!
//! The flags hold for the whole process and are set before the first isolate. `scope` has the functions on the handles of a scope.
//! `engine::quickjs` defines the names of both.

use std::cell::Cell;
use std::ffi::c_void;
use std::sync::{Once, OnceLock};

use deno_core::{JsRuntime, v8};

use super::Engine;
pub(crate) use super::buffers::{Buffers, UNLIMITED, buffer_of, release_collected};
use super::care::{Care, Cause};
use super::compile::TextCallback;
pub(crate) use super::entered::{leave_entered, stay_entered};
#[cfg(feature = "process")]
pub(crate) use super::out_of_memory::{exit_without_memory, watch_memory};
use super::raw::RawIsolate;
use crate::options::Settings;
use crate::stack::StackEnd;

pub(super) const CURRENT: Engine = Engine::V8;

pub(super) fn version() -> String {
    format!("V8 {}", v8::V8::get_version())
}

/// The extra heap that is granted each time that the heap is full, in bytes. The garbage collector needs room, and so does
/// what the guest allocates before it notices that it has been terminated. One allocation can be a gigabyte, the largest
/// array or string of V8. With less room that allocation would abort the process. Memory that is not touched is not used.
pub(crate) const HEADROOM: usize = 1536 << 20;

/// Whether the engine asks for more heap only once.
pub(crate) const ASKS_ONCE: bool = false;

/// Whether a garbage collection can be requested.
pub(crate) const COLLECTS: bool = true;

/// Collects all garbage.
pub(crate) fn collect(isolate: &mut v8::Isolate) {
    isolate.low_memory_notification();
}

/// Whether realms have functions that make and take apart objects of known fields.
pub(crate) const HAS_FORMS: bool = true;

/// Whether compiled code calls host methods of scalars directly. V8 can deoptimise the caller of a fast call on these
/// processors.
pub(crate) const CALLS_FAST: bool = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));

/// The number of lines that the engine puts before the body of a compiled function.
pub(crate) const LINES_BEFORE_A_BODY: usize = 0;

/// Whether the engine reads all of a text as the body of a function. Otherwise a text can close the function.
pub(crate) const READS_WHOLE_BODIES: bool = true;

/// Whether the frames of a program count lines as the program's origin says.
pub(crate) const FRAMES_HAVE_ORIGINS: bool = true;

/// V8 has memory for the frames of errors, however full the heap is.
pub(crate) struct Frames;

impl Frames {
    #[expect(clippy::unnecessary_wraps, reason = "QuickJS may have no memory left")]
    pub(crate) fn of(_: &v8::PinScope<'_, '_>) -> Option<Self> {
        Some(Self)
    }

    pub(crate) fn stop(&self, _: &mut v8::Isolate) {}
}

/// Accepts all settings: V8 keeps every limit.
pub(crate) fn check(_: &Settings) -> Result<(), String> {
    Ok(())
}

/// Flags that are set before V8 starts; deno_core adds its own.
///
/// - `--no-turboshaft-loop-unrolling`: with loop unrolling, V8 15.0 removes the interrupt check of a loop around
///   `new Array(n)`. Then neither a time limit nor the heap limit can end the loop.
/// - `--no-concurrent-recompilation`: V8 checks an interpreted or baseline loop for interrupts only when a budget of
///   bytecode is used up. While the function is compiled in the background, that budget is 2^30 bytes
///   (`InterruptBudgetFor`). That is a second of a plain loop, and hours of a loop with slow turns, such as
///   `try { null.x } catch {}`. The compiler's result waits for the same check. Compiled on the guest's own thread, no code
///   runs in between, and the time counts as the guest's.
/// - `--no-maglev`: the middle compiler, Maglev, has no bound of its memory. A sloppy function of 4,096 parameters that reads
///   `arguments` took 3.7 GB and 5.5 s of CPU time (`VisitCreateMappedArguments`). Without Maglev the function takes 84 MB
///   and 2.6 s.
/// - `--invocation-count-for-turbofan=6000`: the budget of bytecode is this count times the bytes of the function. With
///   Maglev, V8 sets the count to 16,000. A loop of slow built-ins in a function of three lines ran 36,000 turns between two
///   checks. With this count the loop runs 13,800.
/// - `--max-optimized-bytecode-size=30720`: the memory and the time of the last compiler grow with the square of a function.
///   An array of 500 spread parts took 444 MB and 9 s. Functions beyond half of V8's own size stay in baseline code.
/// - `--no-compilation-cache`: the cache keeps the source of scripts that are not used any more, in the guest's heap.
/// - `--no-concurrent-sparkplug`: with the second flag, no other thread allocates in a guest's heap. Two background threads
///   can request an ordinary collection and a collection of the last resort. V8 15.0 then ends the process: the second
///   request takes the timer of the first for its own (`CollectionRequest::Set` in `heap/collection-barrier.cc`, then the
///   check in `AwaitCollectionBackground`). A guest that filled its heap during compilation was seen to do that.
/// - `--single-threaded-gc`: garbage is collected on the guest's own thread. So the guest's limits count the time, and the
///   collection has the thread's priority. For 100 hostile tenants, V8's collector threads took a quarter of a processor and
///   made small heaps no faster. Without those threads, a call in a pool takes a tenth less time.
///
/// The costs, by `cargo bench -p sandbox-benches --features v8 --bench loops`, are best times as ratios to V8's defaults.
/// The first flag costs 1.0 on loops of numbers and `new Array`, 1.1 on strings, 1.2 on arrays and typed arrays. The first
/// two, with Maglev but not within loops (`--no-maglev-osr`), cost 1.1, 1.2, and 1.2 to 1.4.
///
/// Long loops run as fast without Maglev as with it: 0.9 to 1.0 of the time. Scripts that end within 5 ms take 1.0 to 1.6
/// times as long. A smaller count checks earlier and compiles earlier. Counts of 3,000, 800 and 20 make a parser's first
/// 400 expressions 4, 8 and 11 times slower.
const FLAGS: &str = "--no-turboshaft-loop-unrolling --no-concurrent-recompilation --no-maglev \
                     --invocation-count-for-turbofan=6000 --max-optimized-bytecode-size=30720 \
                     --no-compilation-cache --no-concurrent-sparkplug --single-threaded-gc";

/// Flags for earlier checks of loops: each count bounds a budget of bytecode.
const OFTEN: &str = "--invocation-count-for-turbofan=20 --invocation-count-for-osr=10 \
                     --minimum-invocations-after-ic-update=10";

/// Whether V8 starts with [`OFTEN`].
static CHECKS_OFTEN: OnceLock<bool> = OnceLock::new();

/// Has V8 start with [`OFTEN`]. Returns false when it has started without.
pub(super) fn check_loops_often() -> bool {
    *CHECKS_OFTEN.get_or_init(|| true)
}

/// Starts V8. Later calls do nothing.
pub(crate) fn start() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        v8::V8::set_flags_from_string(FLAGS);
        if *CHECKS_OFTEN.get_or_init(|| false) {
            v8::V8::set_flags_from_string(OFTEN);
        }
        super::bootstrap::register();
        // A process that may open no file cannot read /dev/urandom, which V8 otherwise takes the seeds of isolates from.
        #[cfg(all(feature = "process", target_os = "linux"))]
        v8::V8::set_entropy_source(super::entropy::random);
        // Memory protection keys stay off. With them, an isolate that is made on a thread older than V8's start crashes the
        // process. A library does not choose the threads that it is called on.
        let unprotected = true;
        let platform = v8::new_custom_platform(background_threads(), false, unprotected, NoForegroundTasks);
        JsRuntime::init_platform(Some(platform.make_shared()));
        // The locale is equal on every machine, whatever the environment says. V8 has one locale and one time zone for the
        // whole process.
        v8::icu::set_default_locale("en-US");
        let utc = ['U', 'T', 'C', '\0'].map(|letter| letter as u16);
        let mut status = 0;
        // SAFETY: the text ends with 0, and the status is a local variable that begins with `U_ZERO_ERROR`.
        unsafe { ucal_set_default_time_zone(utc.as_ptr(), &raw mut status) };
    });
}

/// Makes the engine read now what it otherwise reads from files later, so that a hardened process need not open them.
///
/// V8 reads the number of processors when a thread waits for a lock. On the process's first thread, V8 also reads where the
/// thread's stack begins. A thread that waits for a lock also asks for the frequency of the processor's clock: see
/// [`measure_clock`].
#[cfg(all(feature = "process", target_os = "linux"))]
pub(crate) fn read_files() {
    // SAFETY: the functions take nothing, may be called on any thread and at any time, and keep their results.
    unsafe {
        absl_number_of_processors();
        v8_start_of_stack();
    }
}

/// Makes the engine measure the frequency of its clock, which takes milliseconds. Waits when another thread measures.
#[cfg(all(feature = "process", target_os = "linux"))]
pub(crate) fn measure_clock() {
    // SAFETY: the function takes nothing. Several threads may call it at once, and one of them measures.
    unsafe { absl_clock_frequency() };
}

/// Notes the size of the heap in `peak` before each collection, when the heap is largest. `peak` outlives the isolate.
pub(crate) fn watch_collections(isolate: &mut v8::Isolate, peak: &Cell<u64>) {
    let data = std::ptr::from_ref(peak).cast_mut().cast::<c_void>();
    isolate.add_gc_prologue_callback(before_collection, data, v8::GCType::kGCTypeMarkSweepCompact);
}

unsafe extern "C" fn before_collection(
    raw: v8::UnsafeRawIsolatePtr,
    _: v8::GCType,
    _: v8::GCCallbackFlags,
    peak: *mut c_void,
) {
    // SAFETY: `peak` is the pointer of `watch_collections`, to a cell that outlives the isolate. V8 calls this on the isolate's
    // thread, and passes the isolate whose garbage it collects.
    let (peak, isolate) = unsafe { (&*peak.cast::<Cell<u64>>(), RawIsolate::new(raw)) };
    let used = isolate.map_or(0, RawIsolate::used_heap);
    peak.set(peak.get().max(used as u64));
}

/// Notes each collection in `care`, which outlives the isolate.
pub(crate) fn note_collections(isolate: &mut v8::Isolate, care: &Care) {
    let data = std::ptr::from_ref(care).cast_mut().cast::<c_void>();
    isolate.add_gc_epilogue_callback(after_collection, data, v8::GCType::kGCTypeAll);
}

unsafe extern "C" fn after_collection(
    _: v8::UnsafeRawIsolatePtr,
    _: v8::GCType,
    _: v8::GCCallbackFlags,
    care: *mut c_void,
) {
    // SAFETY: the pointer of `note_collections`, to a value that outlives the isolate. V8 calls this on the isolate's thread.
    unsafe { &*care.cast::<Care>() }.note(Cause::Collected);
}

/// The number of background threads. V8 collects garbage and compiles on them, and more than four gain nothing.
fn background_threads() -> u32 {
    std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).map_or(4, |n| n.min(4)))
}

/// Drops the tasks that V8 posts for an isolate's thread between calls.
///
/// These are hints to collect garbage while idle, and the callbacks of a FinalizationRegistry, which a realm does not have.
/// A queue of such tasks would be memory that a guest can fill. Running them would run guest code outside of a call.
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

unsafe extern "C" {
    /// `ucal_setDefaultTimeZone` of the ICU 77 that is linked into V8; the crate `v8` binds none of it but its data.
    #[link_name = "ucal_setDefaultTimeZone_77"]
    fn ucal_set_default_time_zone(zone: *const u16, status: *mut i32);

    /// `absl::base_internal::NumCPUs`, of the Abseil that is linked into V8.
    #[cfg(all(feature = "process", target_os = "linux"))]
    #[link_name = "_ZN4absl13base_internal7NumCPUsEv"]
    fn absl_number_of_processors() -> i32;

    /// `absl::base_internal::NominalCPUFrequency`.
    #[cfg(all(feature = "process", target_os = "linux"))]
    #[link_name = "_ZN4absl13base_internal19NominalCPUFrequencyEv"]
    fn absl_clock_frequency() -> f64;

    /// `v8::base::Stack::GetStackStart`.
    #[cfg(all(feature = "process", target_os = "linux"))]
    #[link_name = "_ZN2v84base5Stack13GetStackStartEv"]
    fn v8_start_of_stack() -> *mut c_void;

    /// `v8::Isolate::SetStackLimit`, which the crate `v8` does not bind. The crate binds `CreateParams::set_stack_limit`,
    /// but V8 15.0 forgets that limit when it initialises the isolate (`StackGuard::InitThread`).
    #[cfg_attr(not(target_env = "msvc"), link_name = "_ZN2v87Isolate13SetStackLimitEm")]
    #[cfg_attr(target_env = "msvc", link_name = "?SetStackLimit@Isolate@v8@@QEAAX_K@Z")]
    fn v8_isolate_set_stack_limit(isolate: v8::UnsafeRawIsolatePtr, limit: usize);

    /// `v8::Isolate::SetModifyCodeGenerationFromStringsCallback`.
    #[cfg_attr(
        not(target_env = "msvc"),
        link_name = "_ZN2v87Isolate42SetModifyCodeGenerationFromStringsCallbackEPFNS_37ModifyCodeGenerationFromStringsResultENS_5LocalINS_7ContextEEENS2_INS_5ValueEEEbE"
    )]
    #[cfg_attr(
        target_env = "msvc",
        link_name = "?SetModifyCodeGenerationFromStringsCallback@Isolate@v8@@QEAAXP6A?AUModifyCodeGenerationFromStringsResult@2@V?$Local@VContext@v8@@@2@V?$Local@VValue@v8@@@2@_N@Z@Z"
    )]
    fn v8_isolate_ask_for_code_from_text(isolate: v8::UnsafeRawIsolatePtr, callback: TextCallback);
}

/// The bytes that the engine uses beyond a guest's stack, for each KiB of it. V8 looks at the stack wherever it recurses.
pub(crate) const UNCHECKED_PER_KIB: usize = 0;

/// Whether scripts of several files are linked.
pub(crate) const LINKS_MODULES: bool = true;

/// Compiles a module, on this stack.
#[expect(clippy::unnecessary_wraps, reason = "QuickJS refuses a source that its scan cannot hold")]
pub(crate) fn with_scan_stack<R>(_: &str, compile: impl FnOnce() -> R) -> Option<R> {
    Some(compile())
}

/// Always false: the parser of V8 tells when its stack is full.
pub(crate) fn hides_full_stack(_: &str, _: &str) -> bool {
    false
}

/// Does nothing: the built-ins of V8 look at the stack.
#[expect(clippy::unnecessary_wraps, reason = "QuickJS runs a program")]
pub(crate) fn bound_recursion(_: &v8::PinScope<'_, '_>) -> Option<()> {
    Some(())
}

/// Makes a runtime whose guests' stack ends at `end`. `isolate_of` gives its isolate.
pub(crate) fn with_stack<R, E>(
    end: StackEnd,
    make: impl FnOnce() -> Result<R, E>,
    isolate_of: impl FnOnce(&mut R) -> &mut v8::Isolate,
) -> Result<R, E> {
    let mut runtime = make()?;
    // SAFETY: the isolate is alive, and the address is one on this thread's stack, where the isolate stays. V8
    // compares with it and never reads from it.
    unsafe { v8_isolate_set_stack_limit(isolate_of(&mut runtime).as_raw_isolate_ptr(), end.address()) };
    Ok(runtime)
}

/// `eval` and the constructors of functions throw an EvalError for text.
pub(crate) fn refuse_code_from_text(
    _: &v8::PinScope<'_, '_>,
    context: v8::Local<'_, v8::Context>,
) -> Option<()> {
    context.set_allow_generation_from_strings(false);
    Some(())
}

/// Has the callback asked before code is made of a text. V8 asks only where text is not allowed without a question.
pub(crate) fn ask_for_code_from_text(
    isolate: &mut v8::Isolate,
    context: v8::Local<'_, v8::Context>,
    callback: TextCallback,
) {
    context.set_allow_generation_from_strings(false);
    // SAFETY: the isolate is alive, and the callback has the signature of `ModifyCodeGenerationFromStringsCallback2`. The answer
    // has the fields of `ModifyCodeGenerationFromStringsResult`, whose second one is a pointer.
    unsafe { v8_isolate_ask_for_code_from_text(isolate.as_raw_isolate_ptr(), callback) };
}
