//! V8: how it is started, and what the crate `v8` does not bind.

#[cfg(feature = "process")]
use std::ffi::c_char;
use std::ffi::c_void;
use std::sync::Once;
#[cfg(feature = "process")]
use std::sync::atomic::{AtomicI32, Ordering};

use deno_core::{JsRuntime, v8};

use super::Engine;
pub(crate) use super::buffers::{Buffers, UNLIMITED, buffer_of};
pub(crate) use super::entered::{leave_entered, stay_entered};
use crate::error::StackFrame;
use crate::isolate::meter::Running;
use crate::isolate::runtime::Runtime;
use crate::isolate::stack::StackEnd;
use crate::options::Settings;

pub(super) const CURRENT: Engine = Engine::V8;

pub(super) fn version() -> String {
    format!("V8 {}", v8::V8::get_version())
}

/// What is granted each time that the heap is full, beyond its limit: room for the garbage collector and for what
/// the guest allocates before it notices that it has been terminated. One allocation can be a gigabyte, the largest
/// array or string of V8; with less room it would abort the process, and memory that is not touched is not used.
pub(crate) const HEADROOM: usize = 1536 << 20;

/// Whether the engine is to ask for more but once.
pub(crate) const ASKS_ONCE: bool = false;

/// Whether a collection of garbage can be asked for.
pub(crate) const COLLECTS: bool = true;

/// Whether functions of a realm make objects and take them apart.
pub(crate) const HAS_FORMS: bool = true;

/// Whether host methods of scalars are called by compiled code. V8 can deoptimise the caller of a fast call on these processors.
pub(crate) const CALLS_FAST: bool = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));

/// The lines that are put before the body of a function that is compiled.
pub(crate) const LINES_BEFORE_A_BODY: usize = 0;

/// V8 has memory for the frames of errors, however full the heap is.
pub(crate) struct Frames;

impl Frames {
    #[expect(clippy::unnecessary_wraps, reason = "QuickJS may have no memory left")]
    pub(crate) fn of(_: &v8::PinScope<'_, '_>) -> Option<Self> {
        Some(Self)
    }

    pub(crate) fn stop(&self, _: &mut v8::Isolate) {}
}

/// Every limit holds.
pub(crate) fn check(_: &Settings) -> Result<(), String> {
    Ok(())
}

/// Flags that are set before V8 starts; deno_core adds its own.
///
/// - `--no-turboshaft-loop-unrolling`: with that phase, V8 15.0 removes the interrupt check of a loop around
///   `new Array(n)`, and the loop can be ended neither by a time limit nor by the heap limit.
/// - `--no-concurrent-recompilation`: a loop that V8 interprets, or runs as baseline code, is asked whether it is to end
///   only when a budget of bytecode is used up, and while the function is being compiled in the background that budget
///   is 2^30 bytes (`InterruptBudgetFor`): a second of a plain loop, hours of one like `try { null.x } catch {}` whose turns
///   are slow. The compiler's result waits for the same question. Compiled on the guest's own thread, there is no such
///   while; the time for it is the guest's.
/// - `--no-maglev-osr`: with the flag before, a loop that was entered while it was interpreted would stay in the code of
///   the middle compiler, Maglev, at a third of the speed.
/// - `--no-compilation-cache`: the cache keeps the source of scripts that are long gone, and the guest's heap pays.
/// - `--no-concurrent-sparkplug`: with the second flag, no other thread allocates in a guest's heap. Where two others do, and
///   one asks for a collection of the last resort while the other asks for an ordinary one, V8 15.0 ends the process: the
///   second request takes the timer of the first for its own (`CollectionRequest::Set` in `heap/collection-barrier.cc`, then
///   the check in `AwaitCollectionBackground`). A guest that fills its heap while it is compiled was seen to do that.
/// - `--single-threaded-gc`: garbage is collected on the guest's own thread, so the time for it is the guest's, counted by its
///   limits, and of its thread's priority. The threads of V8 took a quarter of a processor for 100 hostile tenants, and gave
///   the small heaps of a sandbox nothing: a call in a pool takes a tenth less time without them.
///
/// What they cost, by `cargo bench -p sandbox-benches --features v8 --bench loops`, best times as ratios to V8 as it comes: the first
/// 1.0 on loops of numbers and `new Array`, 1.1 of strings, 1.2 of arrays and typed arrays; the first three together 1.1,
/// 1.2, and 1.2 to 1.4. Without `--no-maglev-osr` it would be up to 4.5. The start of a short script is not slower.
const FLAGS: &str = "--no-turboshaft-loop-unrolling --no-concurrent-recompilation --no-maglev-osr \
                     --no-compilation-cache --no-concurrent-sparkplug --single-threaded-gc";

/// Starts V8. Later calls do nothing.
pub(crate) fn start() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        v8::V8::set_flags_from_string(FLAGS);
        // A process that may open no file has no /dev/urandom, where the seeds of an isolate come from otherwise.
        #[cfg(all(feature = "process", target_os = "linux"))]
        v8::V8::set_entropy_source(crate::process::harden::random);
        // Without memory protection keys: with them, an isolate that is made on a thread older than V8's start
        // crashes the process, and a library does not choose the threads that it is called on.
        let unprotected = true;
        let platform = v8::new_custom_platform(background_threads(), false, unprotected, NoForegroundTasks);
        JsRuntime::init_platform(Some(platform.make_shared()));
        // The same everywhere, whatever the environment says. V8 has one of each for the whole process.
        v8::icu::set_default_locale("en-US");
        let utc = ['U', 'T', 'C', '\0'].map(|letter| letter as u16);
        let mut status = 0;
        // SAFETY: the text ends with 0, and the status is a local variable that begins with `U_ZERO_ERROR`.
        unsafe { ucal_set_default_time_zone(utc.as_ptr(), &raw mut status) };
    });
}

/// Has the engine read now what it reads from files when it first needs it, so that no file need be opened later.
///
/// These are the number of processors, which a thread asks for that waits for a lock, and where the stack of the process's first
/// thread begins, when this is that thread. Who waits for a lock asks for the frequency of the processor's clock as well: see
/// [`measure_clock`].
#[cfg(all(feature = "process", target_os = "linux"))]
pub(crate) fn read_files() {
    // SAFETY: they take nothing, may be called on any thread and at any time, and keep what they find.
    unsafe {
        absl_number_of_processors();
        v8_start_of_stack();
    }
}

/// Has the engine measure the frequency of its clock, which takes it milliseconds, or waits until it has.
#[cfg(all(feature = "process", target_os = "linux"))]
pub(crate) fn measure_clock() {
    // SAFETY: it takes nothing, and may be called on several threads at once, of which one measures.
    unsafe { absl_clock_frequency() };
}

/// The code to exit with, or 0 for none.
#[cfg(feature = "process")]
static WITHOUT_MEMORY: AtomicI32 = AtomicI32::new(0);

/// Has the process exit with this code when an isolate that is made later cannot have the memory that it needs. Otherwise V8 aborts
/// it, which says nothing of the reason.
#[cfg(feature = "process")]
pub(crate) fn exit_without_memory(code: i32) {
    WITHOUT_MEMORY.store(code, Ordering::Relaxed);
}

/// Has an isolate exit as [`exit_without_memory`] says.
#[cfg(feature = "process")]
pub(crate) fn watch_memory(isolate: &mut v8::Isolate) {
    if WITHOUT_MEMORY.load(Ordering::Relaxed) != 0 {
        isolate.set_oom_error_handler(out_of_memory);
    }
}

#[cfg(feature = "process")]
unsafe extern "C" fn out_of_memory(_: *const c_char, _: &v8::OomDetails) {
    // SAFETY: it does not return, and touches no memory. What runs at the end of a process is left out, for this is in the middle of
    // anything.
    unsafe { libc::_exit(WITHOUT_MEMORY.load(Ordering::Relaxed)) }
}

/// Has the size of the heap noted before each collection, when it is largest.
pub(crate) fn watch_collections(isolate: &mut v8::Isolate, running: &Running) {
    let data = std::ptr::from_ref(running).cast_mut().cast::<c_void>();
    isolate.add_gc_prologue_callback(before_collection, data, v8::GCType::kGCTypeMarkSweepCompact);
}

unsafe extern "C" fn before_collection(
    raw: v8::UnsafeRawIsolatePtr,
    _: v8::GCType,
    _: v8::GCCallbackFlags,
    running: *mut c_void,
) {
    // SAFETY: the pointer of `watch_collections`, to a field of the `Isolate` that outlives its V8 isolate, on whose thread
    // this is called.
    let running = unsafe { &*running.cast::<Running>() };
    // SAFETY: V8 passes the isolate whose garbage it collects. Its statistics are counters.
    running.see_heap(&mut unsafe { v8::Isolate::from_raw_isolate_ptr(raw) });
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

    /// `v8::Isolate::SetStackLimit`, which the crate `v8` does not bind. It binds `CreateParams::set_stack_limit`,
    /// but V8 15.0 forgets that limit when it initialises the isolate (`StackGuard::InitThread`).
    #[cfg_attr(not(target_env = "msvc"), link_name = "_ZN2v87Isolate13SetStackLimitEm")]
    #[cfg_attr(target_env = "msvc", link_name = "?SetStackLimit@Isolate@v8@@QEAAX_K@Z")]
    fn v8_isolate_set_stack_limit(isolate: v8::UnsafeRawIsolatePtr, limit: usize);
}

/// Makes a runtime whose guests' stack ends at `end`.
pub(crate) fn with_stack<E>(end: StackEnd, make: impl FnOnce() -> Result<Runtime, E>) -> Result<Runtime, E> {
    let mut runtime = make()?;
    // SAFETY: the isolate is alive, and the address is one on this thread's stack, where the isolate stays. V8
    // compares with it and never reads from it.
    unsafe { v8_isolate_set_stack_limit(runtime.isolate().as_raw_isolate_ptr(), end.address()) };
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

/// What is compiled, with the code that was made of it before, if there is any. V8 takes no code that another V8 has made, or
/// one with other flags, or of a source of another length, and compiles then; the code never leaves the process.
pub(crate) fn source(
    text: v8::Local<'_, v8::String>,
    origin: &v8::ScriptOrigin<'_>,
    code: Option<&[u8]>,
) -> (v8::script_compiler::Source, v8::script_compiler::CompileOptions) {
    use v8::script_compiler::{CachedData, CompileOptions, Source};
    match code {
        Some(code) => {
            let source = Source::new_with_cached_data(text, Some(origin), CachedData::new(code));
            (source, CompileOptions::ConsumeCodeCache)
        }
        None => (Source::new(text, Some(origin)), CompileOptions::NoCompileOptions),
    }
}

/// The code that V8 has made of a module so far.
pub(crate) fn code_of_module(
    scope: &v8::PinScope<'_, '_>,
    module: v8::Local<'_, v8::Module>,
) -> Option<Vec<u8>> {
    module.get_unbound_module_script(scope).create_code_cache().map(|code| code.to_vec())
}

/// The same of a function.
pub(crate) fn code_of_function(
    _: &v8::PinScope<'_, '_>,
    function: v8::Local<'_, v8::Function>,
) -> Option<Vec<u8>> {
    function.create_code_cache().map(|code| code.to_vec())
}

/// The length of a string, in 16-bit units.
pub(crate) fn length(_: &v8::PinScope<'_, '_>, string: v8::Local<'_, v8::String>) -> usize {
    string.length()
}

/// The characters of a string that V8 keeps as Latin-1.
pub(crate) fn latin1(scope: &v8::PinScope<'_, '_>, string: v8::Local<'_, v8::String>) -> Option<Vec<u8>> {
    string.is_onebyte().then(|| {
        let length = string.length();
        let mut latin1 = Vec::with_capacity(length);
        string.write_one_byte_uninit_v2(
            scope,
            0,
            &mut latin1.spare_capacity_mut()[..length],
            v8::WriteFlags::empty(),
        );
        // SAFETY: V8 writes as many characters as the string has, and the buffer takes them all.
        unsafe { latin1.set_len(length) };
        latin1
    })
}

/// The first units of a string that has at least so many.
pub(crate) fn units(
    scope: &v8::PinScope<'_, '_>,
    string: v8::Local<'_, v8::String>,
    most: usize,
) -> Vec<u16> {
    let mut units = vec![0; most];
    string.write_v2(scope, 0, &mut units, v8::WriteFlags::empty());
    units
}

/// A typed array whose length the engine knows: each one.
pub(crate) fn settled<'s>(
    _: &v8::PinScope<'s, '_>,
    view: v8::Local<'s, v8::TypedArray>,
) -> Option<v8::Local<'s, v8::TypedArray>> {
    Some(view)
}

/// How many entries a Map has.
pub(crate) fn map_size(_: &v8::PinScope<'_, '_>, map: v8::Local<'_, v8::Map>) -> usize {
    map.size()
}

/// How many elements a Set has.
pub(crate) fn set_size(_: &v8::PinScope<'_, '_>, set: v8::Local<'_, v8::Set>) -> usize {
    set.size()
}

/// The keys and values of a Map in turn.
pub(crate) fn map_items<'s>(
    scope: &v8::PinScope<'s, '_>,
    map: v8::Local<'s, v8::Map>,
) -> Option<v8::Local<'s, v8::Array>> {
    Some(map.as_array(scope))
}

/// The elements of a Set.
pub(crate) fn set_items<'s>(
    scope: &v8::PinScope<'s, '_>,
    set: v8::Local<'s, v8::Set>,
) -> Option<v8::Local<'s, v8::Array>> {
    Some(set.as_array(scope))
}

/// Whether a value is a pointer of the host's.
pub(crate) fn is_external(value: v8::Local<'_, v8::Value>) -> bool {
    value.is_external()
}

/// Runs microtasks, until none is left or the call is ended.
#[inline]
pub(crate) fn run_microtasks(scope: &mut v8::PinScope<'_, '_>, _is_ended: impl Fn() -> bool) {
    scope.perform_microtask_checkpoint();
}

/// Drops microtasks without running them. Says whether none is left.
///
/// V8 does so when they are run while a termination is pending.
pub(crate) fn drop_microtasks(scope: &mut v8::PinScope<'_, '_>) -> bool {
    scope.terminate_execution();
    scope.perform_microtask_checkpoint();
    scope.cancel_terminate_execution();
    true
}

/// What conversions need of a realm: nothing.
pub(crate) struct EngineIntrinsics;

impl EngineIntrinsics {
    /// Takes them before a guest can change them.
    pub(crate) fn of(_: &v8::PinScope<'_, '_>) -> Option<Self> {
        Some(Self)
    }
}

/// The sign and the magnitude of a BigInt of at most 128 bits.
pub(crate) fn big_value(_: &v8::PinScope<'_, '_>, bigint: v8::Local<'_, v8::BigInt>) -> Option<(bool, u128)> {
    if bigint.word_count() > 2 {
        return None;
    }
    let mut words = [0; 2];
    let (negative, _) = bigint.to_words_array(&mut words);
    Some((negative, u128::from(words[0]) | u128::from(words[1]) << 64))
}

/// A BigInt of two words, the lower first.
pub(crate) fn big<'s>(
    scope: &v8::PinScope<'s, '_>,
    negative: bool,
    words: [u64; 2],
) -> Option<v8::Local<'s, v8::BigInt>> {
    v8::BigInt::new_from_words(scope, negative, &words)
}

/// Line and column of a syntax error, from 1; 0 when unknown.
pub(crate) fn syntax_position(
    scope: &v8::PinScope<'_, '_>,
    _exception: Option<v8::Local<'_, v8::Value>>,
    message: v8::Local<'_, v8::Message>,
) -> (usize, usize) {
    (message.get_line_number(scope).unwrap_or(0), message.get_start_column() + 1)
}

/// Where the first `import` of a module is written, from 1.
pub(crate) fn first_import(
    scope: &v8::PinScope<'_, '_>,
    module: v8::Local<'_, v8::Module>,
) -> Option<(usize, usize)> {
    let requests = module.get_module_requests();
    let request = (requests.length() > 0).then(|| requests.get(scope, 0)).flatten()?;
    let request = request.try_cast::<v8::ModuleRequest>().ok()?;
    let at = module.source_offset_to_location(request.get_source_offset());
    let from_1 = |number: i32| usize::try_from(number).ok()?.checked_add(1);
    Some((from_1(at.get_line_number())?, from_1(at.get_column_number())?))
}

/// Where the exception was made, or else where it was thrown: the first `most` frames that are kept.
pub(crate) fn stack_of(
    scope: &v8::PinScope<'_, '_>,
    exception: v8::Local<'_, v8::Value>,
    message: Option<v8::Local<'_, v8::Message>>,
    most: usize,
    is_kept: impl Fn(&StackFrame) -> bool,
) -> Vec<StackFrame> {
    let made =
        exception.is_native_error().then(|| v8::Exception::get_stack_trace(scope, exception)).flatten();
    let Some(trace) = made.or_else(|| message.and_then(|message| message.get_stack_trace(scope))) else {
        return Vec::new();
    };
    (0..trace.get_frame_count())
        .filter_map(|index| frame(scope, trace.get_frame(scope, index)?))
        .filter(is_kept)
        .take(most)
        .collect()
}

/// `None` for what has no file, or too long a name for one.
fn frame(scope: &v8::PinScope<'_, '_>, frame: v8::Local<'_, v8::StackFrame>) -> Option<StackFrame> {
    const NAME: usize = 256;
    let text = |string: v8::Local<'_, v8::String>| {
        (1..=NAME).contains(&string.length()).then(|| string.to_rust_string_lossy(scope))
    };
    let file = frame.get_script_name(scope).and_then(text)?;
    let function = frame.get_function_name(scope).and_then(text);
    Some(StackFrame { function, file, line: frame.get_line_number(), column: frame.get_column() })
}

/// What settles a promise of the host's.
#[derive(Clone, Copy)]
pub(crate) struct Resolver<'s>(v8::Local<'s, v8::PromiseResolver>);

/// The same, for later.
pub(crate) struct KeptResolver(v8::Global<v8::PromiseResolver>);

impl<'s> Resolver<'s> {
    pub(crate) fn new(scope: &v8::PinScope<'s, '_>) -> Option<Self> {
        v8::PromiseResolver::new(scope).map(Self)
    }

    pub(crate) fn keep(self, scope: &v8::PinScope<'_, '_>) -> KeptResolver {
        KeptResolver(v8::Global::new(scope, self.0))
    }

    pub(crate) fn promise(self, scope: &v8::PinScope<'s, '_>) -> v8::Local<'s, v8::Promise> {
        self.0.get_promise(scope)
    }

    /// Resolves the promise, or rejects it; `None` when that could not be done.
    pub(crate) fn settle(
        self,
        scope: &v8::PinScope<'_, '_>,
        outcome: Result<v8::Local<'_, v8::Value>, v8::Local<'_, v8::Value>>,
    ) -> Option<()> {
        let settled = match outcome {
            Ok(value) => self.0.resolve(scope, value),
            Err(exception) => self.0.reject(scope, exception),
        };
        settled.map(drop)
    }
}

impl KeptResolver {
    pub(crate) fn local<'s>(&self, scope: &v8::PinScope<'s, '_>) -> Resolver<'s> {
        Resolver(v8::Local::new(scope, &self.0))
    }
}

/// Says which flight the code that runs from here on is of; V8 gives it to all that the code has done later, when a promise
/// settles (`ContinuationPreservedEmbedderData`).
pub(crate) fn enter_flight(scope: &v8::PinScope<'_, '_>, flight: Option<u64>) {
    let data = match flight {
        Some(flight) => v8::Number::new(scope, flight as f64).into(),
        None => v8::undefined(scope).into(),
    };
    scope.set_continuation_preserved_embedder_data(data);
}

/// The flight that the running code is of.
pub(crate) fn flight(scope: &v8::PinScope<'_, '_>, _turn: u64) -> Option<u64> {
    let data = scope.get_continuation_preserved_embedder_data();
    data.try_cast::<v8::Number>().ok().map(|number| number.value() as u64)
}
