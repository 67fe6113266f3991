//! QuickJS-ng under the interface of V8, by the crate `v8x`.
//!
//! The crate was made to run trusted programs, so some of its functions are unsafe with a hostile guest. An example is the
//! stack trace of V8's kind. The layer reads a pointer from a property of the error, and a guest can put any number there.
//! Each function of the layer that is called here was read first.

mod frames;
mod intrinsics;
mod recursion;

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, LazyLock, Mutex, Once, PoisonError};

use deno_core::{JsRuntime, v8};

pub(crate) use frames::Frames;
pub(crate) use intrinsics::{EngineIntrinsics, KeptResolver, Resolver};
pub(crate) use recursion::{UNCHECKED_PER_KIB, bound_recursion, hides_full_stack, with_scan_stack};

use super::care::Care;
use super::compile::TextCallback;
use super::raw::RawIsolate;
use super::{Engine, LazyValue};
use crate::error::{Amount, StackFrame};
use crate::isolate::engine::text::{js_string, preview};
use crate::options::{Settings, Web};
use crate::stack::StackEnd;

pub(super) const CURRENT: Engine = Engine::QuickJs;

pub(super) fn version() -> String {
    format!("QuickJS {}", v8::V8::get_version())
}

/// An environment variable that keeps the engine from writing compiled scripts to a cache on disk, and from reading them.
const NO_CACHE: &str = "V82JSC_NO_BC_CACHE";

/// The extra heap that is granted once when the heap is full, in bytes, so that the guest can be ended. A small amount is
/// enough, because an allocation that does not fit throws in the guest and aborts nothing.
pub(crate) const HEADROOM: usize = 4 << 20;

/// Whether the engine asks for more heap only once. Each question counts the whole heap.
pub(crate) const ASKS_ONCE: bool = true;

/// Whether a garbage collection can be requested. Reference counts free an object at once.
pub(crate) const COLLECTS: bool = false;

/// Collects garbage. The layer keeps the values of weak handles until it is asked for a collection by this name.
pub(crate) fn collect(isolate: &mut v8::Isolate) {
    isolate.request_garbage_collection_for_testing(v8::GarbageCollectionType::Full);
}

/// Whether realms have functions that make and take apart objects of known fields. An interpreter gains nothing by them.
pub(crate) const HAS_FORMS: bool = false;

/// Whether there are fast calls. Nothing is compiled.
pub(crate) const CALLS_FAST: bool = false;

/// A plain word of the guest: no fast call writes to it.
pub(crate) fn buffer_of<'s>(
    scope: &v8::PinScope<'s, '_>,
    _: &Arc<AtomicU64>,
) -> v8::Local<'s, v8::ArrayBuffer> {
    v8::ArrayBuffer::new(scope, size_of::<AtomicU64>())
}

/// The number of lines that the engine puts before the body of a compiled function.
pub(crate) const LINES_BEFORE_A_BODY: usize = 1;

/// Whether the engine reads all of a text as the body of a function. The layer writes a function around the text, and a text
/// can close that function.
pub(crate) const READS_WHOLE_BODIES: bool = false;

/// Whether the frames of a program count lines as the program's origin says. The layer passes no line of programs on.
pub(crate) const FRAMES_HAVE_ORIGINS: bool = false;

/// There is no other limit than the heap's.
pub(crate) const UNLIMITED: usize = usize::MAX;

/// ArrayBuffers are part of the heap. With an allocator of ours, the engine would have no resizable buffers.
pub(crate) struct Buffers;

impl Buffers {
    /// Resizable buffers take the length that they have from the heap.
    pub(crate) const COUNTS_RESIZABLE: bool = false;

    pub(crate) fn new(_: Arc<AtomicBool>) -> Self {
        Self
    }

    pub(crate) fn serve(&self, params: v8::CreateParams) -> v8::CreateParams {
        params
    }

    /// The heap's limit counts buffers too; see [`check`].
    pub(crate) fn limit(&self, _: usize) {}

    /// Does nothing: buffers have no counts of their own.
    pub(crate) fn begin(&self) {}

    /// Always false: a full heap is reported instead.
    pub(crate) fn were_denied(&self) -> bool {
        false
    }

    /// Always 0: buffers are not counted.
    pub(crate) fn peak(&self) -> usize {
        0
    }

    /// Always 0: buffers are not counted.
    pub(crate) fn used(&self) -> usize {
        0
    }

    /// Always false: the heap is collected as it fills.
    pub(crate) fn grew_by(&self, _: usize) -> bool {
        false
    }

    /// Does nothing: buffers are a part of the heap.
    pub(crate) fn collect(&self, _: &mut v8::Isolate) {}

    /// Always true: the heap has the limit.
    pub(crate) fn has_room(&self, _: usize) -> bool {
        true
    }

    /// Does nothing: the heap has the buffer.
    pub(crate) fn hold(&self, _: &v8::SharedRef<v8::BackingStore>, _: usize) -> bool {
        true
    }

    /// Does nothing: no buffer is held.
    pub(crate) fn release(&self) {}

    /// The engine copies it into the heap.
    #[expect(clippy::unnecessary_wraps, reason = "V8 may have no memory left")]
    pub(crate) fn adopt(&self, bytes: Vec<u8>) -> Result<v8::UniqueRef<v8::BackingStore>, Vec<u8>> {
        Ok(v8::ArrayBuffer::new_backing_store_from_vec(bytes))
    }
}

/// Refuses settings that this engine cannot keep.
pub(crate) fn check(settings: &Settings) -> Result<(), String> {
    let limits = &settings.limits;
    if settings.wasm {
        return Err("the engine QuickJS has no WebAssembly; do not allow it".into());
    }
    if settings.web.of_v8() != Web::none() {
        return Err(format!(
            "the engine QuickJS does not have these groups of `Web`: {:?}; leave them out with `Web::without`",
            settings.web.of_v8()
        ));
    }
    if std::env::var_os(NO_CACHE).is_none() {
        return Err(format!(
            "the engine QuickJS keeps compiled scripts in a cache on disk, where one tenant's script can be taken for \
             another's; set {NO_CACHE}=1 in the environment of this process"
        ));
    }
    if limits.buffers < limits.heap {
        return Err(format!(
            "the engine QuickJS counts ArrayBuffers as part of the heap, so a limit of {} for them alone does not \
             hold; set `Limits::buffers` to at least `Limits::heap`, {}",
            Amount::Bytes(limits.buffers as u64),
            Amount::Bytes(limits.heap as u64)
        ));
    }
    Ok(())
}

/// Does nothing: the engine does not report collections.
pub(crate) fn watch_collections(_: &mut v8::Isolate, _: &Cell<u64>) {}

/// Does nothing: the engine does not report collections.
pub(crate) fn note_collections(_: &mut v8::Isolate, _: &Care) {}

/// Does nothing: the engine throws or panics without memory.
#[cfg(feature = "process")]
pub(crate) fn exit_without_memory(_: i32) {}

/// Does nothing: no buffer is held.
pub(crate) fn release_collected(_: &mut v8::Isolate, _: &Buffers) {}

#[cfg(feature = "process")]
pub(crate) fn watch_memory(_: &mut v8::Isolate) {}

/// Does nothing: the engine reads no files.
#[cfg(all(feature = "process", target_os = "linux"))]
pub(crate) fn read_files() {}

/// Does nothing: the engine has no such clock.
#[cfg(all(feature = "process", target_os = "linux"))]
pub(crate) fn measure_clock() {}

/// Always false: the engine looks at limits at each 10,000th step.
pub(super) fn check_loops_often() -> bool {
    false
}

/// Starts the engine. Later calls do nothing.
pub(crate) fn start() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| JsRuntime::init_platform(None));
}

/// Makes a runtime whose guests' stack ends at `end`.
///
/// The size of the stack is a flag of the process. The engine reads it when a runtime is made, and counts from that
/// function's frame.
pub(crate) fn with_stack<R, E>(
    end: StackEnd,
    make: impl FnOnce() -> Result<R, E>,
    _: impl FnOnce(&mut R) -> &mut v8::Isolate,
) -> Result<R, E> {
    static FLAG: Mutex<()> = Mutex::new(());
    let _one_at_a_time = FLAG.lock().unwrap_or_else(PoisonError::into_inner);
    v8::V8::set_flags_from_string(&format!("--stack-size={}", (end.room() >> 10).max(1)));
    make()
}

/// Makes `eval` and the constructors of functions throw an EvalError for text, and `Atomics.notify` wake no thread.
///
/// The engine's own `notify` asks a global that a realm does not keep. The engine itself refuses only `eval` and `Function`,
/// by name. The constructors of functions are also reached from every function, so each is replaced where it is found.
pub(crate) fn refuse_code_from_text(
    scope: &v8::PinScope<'_, '_>,
    context: v8::Local<'_, v8::Context>,
) -> Option<()> {
    const SOURCE: &str = r#"
        "use strict";
        const { defineProperty, getPrototypeOf } = Object;
        const refusal = { throw() { throw new error("Code generation from strings disallowed for this context"); } };
        const error = EvalError;
        const refuse = (name, prototype) => {
            const refused = { [name]: function () { refusal.throw(); } }[name];
            defineProperty(refused, "prototype", { value: prototype, writable: false });
            defineProperty(refused, "length", { value: 1 });
            return refused;
        };
        const samples = [function () {}, async () => {}, function* () {}, async function* () {}];
        const [Function, ...others] = samples.map((sample) => {
            const prototype = getPrototypeOf(sample);
            const refused = refuse(prototype.constructor.name, prototype);
            const { writable, enumerable } = Object.getOwnPropertyDescriptor(prototype, "constructor");
            defineProperty(prototype, "constructor", { value: refused, writable, enumerable, configurable: true });
            return refused;
        });
        for (const other of others) Object.setPrototypeOf(other, Function);
        const refused = (name, value) =>
            defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });
        refused("Function", Function);
        const { load } = Atomics;
        defineProperty(Atomics, "notify", { value: { notify(view, index, count) { load(view, index); return 0; } }.notify });
        refused("eval", { eval(x) { if (typeof x === "string") refusal.throw(); return x; } }.eval);
    "#;
    context.set_allow_generation_from_strings(false);
    run(scope, SOURCE).map(drop)
}

/// Does nothing: the engine does not ask. Its heap has all that is compiled.
pub(crate) fn ask_for_code_from_text(_: &mut v8::Isolate, _: v8::Local<'_, v8::Context>, _: TextCallback) {}

/// The longest string of QuickJS, in 16-bit units.
const LONGEST: usize = (1 << 30) - 1;

/// A list of these values, which are its own elements. The layer assigns elements, and an assignment calls the setters of the
/// list's prototypes. So a list has no prototype until it is full.
pub(crate) fn list<'s>(
    scope: &v8::PinScope<'s, '_>,
    values: &[v8::Local<'s, v8::Value>],
) -> Option<v8::Local<'s, v8::Array>> {
    let list = v8::Array::new(scope, 0);
    if values.is_empty() {
        return Some(list);
    }
    let prototype = list.get_prototype(scope)?;
    list.set_prototype(scope, v8::null(scope).into()).filter(|is_set| *is_set)?;
    for (index, value) in (0..).zip(values) {
        list.set_index(scope, index, *value)?;
    }
    list.set_prototype(scope, prototype).filter(|is_set| *is_set).map(|_| list)
}

/// Defines a property. The layer has no properties whose value is made later, so the value is made at once.
pub(crate) fn define_lazy<L: LazyValue>(
    scope: &v8::PinScope<'_, '_>,
    object: v8::Local<'_, v8::Object>,
    key: v8::Local<'_, v8::Name>,
    data: v8::Local<'_, v8::Value>,
    attributes: v8::PropertyAttribute,
) -> Option<()> {
    let value = L::make(scope, v8::Local::new(scope, data), v8::Local::new(scope, key))?;
    (object.define_own_property(scope, key, value, attributes) == Some(true)).then_some(())
}

/// The length of a string, in 16-bit units; the greatest length when there is no memory to flatten a rope. The engine's own
/// answer is the length of a repaired copy. That copy is longer when there are lone surrogates, and 0 when there is no
/// memory for it.
pub(crate) fn length(scope: &v8::PinScope<'_, '_>, string: v8::Local<'_, v8::String>) -> usize {
    let length = || {
        let key = js_string(scope, "length", v8::NewStringType::Internalized).ok()?;
        string.to_object(scope)?.get(scope, key.into())?.uint32_value(scope)
    };
    length().map_or(LONGEST, |length| length as usize)
}

/// Always `None`: QuickJS does not tell how it keeps a string.
pub(crate) fn latin1(_: &v8::PinScope<'_, '_>, _: v8::Local<'_, v8::String>) -> Option<Vec<u8>> {
    None
}

/// The first units of a string that has at least so many; an empty list when there is no memory for a copy.
///
/// The engine gives a copy in which each lone surrogate has become three U+FFFD. The lengths tell how many there are, so
/// that many are made lone surrogates again.
pub(crate) fn units(
    scope: &v8::PinScope<'_, '_>,
    string: v8::Local<'_, v8::String>,
    most: usize,
) -> Vec<u16> {
    let mut units = vec![0; string.length()];
    string.write_v2(scope, 0, &mut units, v8::WriteFlags::empty());
    let lone = units.len().saturating_sub(length(scope, string)) / 2;
    if lone > 0 {
        units = with_lone_surrogates(&units, lone);
    }
    units.truncate(most);
    units
}

/// The units with the first `lone` repairs undone. Which surrogates there were is lost.
fn with_lone_surrogates(repaired: &[u16], lone: usize) -> Vec<u16> {
    const REPAIR: [u16; 3] = [0xfffd; 3];
    let (mut units, mut rest, mut lone) = (Vec::with_capacity(repaired.len()), repaired, lone);
    while let Some((first, after)) = rest.split_first() {
        match rest.strip_prefix(&REPAIR) {
            Some(after) if lone > 0 => {
                units.push(0xd800);
                lone -= 1;
                rest = after;
            }
            _ => {
                units.push(*first);
                rest = after;
            }
        }
    }
    units
}

/// Runs microtasks, until none is left or the call is ended.
///
/// The engine's own checkpoint ends when the queue is empty, and a guest can keep it from becoming empty. One turn of the
/// message loop is one microtask.
pub(crate) fn run_microtasks(scope: &mut v8::PinScope<'_, '_>, is_ended: impl Fn() -> bool) {
    // The platform is taken once and kept. The engine counts its holders without atomics, so two threads that take and drop
    // it at once would free it.
    static PLATFORM: LazyLock<v8::SharedRef<v8::Platform>> = LazyLock::new(v8::V8::get_current_platform);
    while scope.has_pending_background_tasks() && !is_ended() {
        v8::Platform::pump_message_loop(&PLATFORM, scope, false);
    }
}

/// Always false: no guest gets such a value. The engine's own test must not be called. Its table of addresses keeps those of
/// freed values, and a new object of the guest can be at such an address.
pub(crate) fn is_external(_: v8::Local<'_, v8::Value>) -> bool {
    false
}

/// Drops the microtasks of a call that was ended. Returns whether the queue is empty.
///
/// The engine has no function that drops them. So they run while a termination is pending, which ends a chain of them at the
/// engine's next interrupt check. Where microtasks multiply, some are left, and the sandbox cannot be called again.
///
/// The check is at each ten thousandth call of a function. In a chain with a regular pattern of calls, it can fall each time on
/// a call whose exception ends nothing. So a call of ours moves the check now and then.
pub(crate) fn drop_microtasks(scope: &mut v8::PinScope<'_, '_>) -> bool {
    const ROUNDS: u32 = 4;
    const MOST: u32 = 32_000;
    for _ in 0..ROUNDS {
        let count = Cell::new(0);
        scope.terminate_execution();
        run_microtasks(scope, || count.replace(count.get() + 1) >= MOST);
        scope.cancel_terminate_execution();
        if !scope.has_pending_background_tasks() {
            return true;
        }
        run(scope, "");
    }
    false
}

/// Runs a program of ours in a realm.
fn run<'s>(scope: &v8::PinScope<'s, '_>, source: &str) -> Option<v8::Local<'s, v8::Value>> {
    let name = js_string(scope, "sandbox:realm", v8::NewStringType::Normal).ok()?;
    let source = js_string(scope, source, v8::NewStringType::Normal).ok()?;
    let function = super::compile::compile_function(scope, name, source, &[])?;
    function.call(scope, v8::undefined(scope).into(), &[])
}

/// Line and column of a syntax error, from 1; 0 when unknown.
pub(crate) fn syntax_position(
    scope: &v8::PinScope<'_, '_>,
    exception: Option<v8::Local<'_, v8::Value>>,
    message: v8::Local<'_, v8::Message>,
) -> (usize, usize) {
    let frames =
        exception.map_or_else(Vec::new, |exception| stack_of(scope, exception, Some(message), 1, |_| true));
    frames.first().map_or((0, 0), |frame| (frame.line, frame.column))
}

/// Whether scripts of several files are linked. The layer's loader was not made for hostile guests.
pub(crate) const LINKS_MODULES: bool = false;

/// Always `None`: the layer does not tell where an `import` is written.
pub(crate) fn first_import(
    _scope: &v8::PinScope<'_, '_>,
    _module: v8::Local<'_, v8::Module>,
) -> Option<(usize, usize)> {
    None
}

/// The first `most` frames that are kept, of those that the text of `error.stack` names. A guest can write any text there.
pub(crate) fn stack_of(
    scope: &v8::PinScope<'_, '_>,
    exception: v8::Local<'_, v8::Value>,
    _: Option<v8::Local<'_, v8::Message>>,
    most: usize,
    is_kept: impl Fn(&StackFrame) -> bool,
) -> Vec<StackFrame> {
    const TEXT: usize = 16 << 10;
    let text = || {
        let error = exception.try_cast::<v8::Object>().ok().filter(|_| exception.is_native_error())?;
        let key = js_string(scope, "stack", v8::NewStringType::Internalized).ok()?;
        let text = error.get(scope, key.into())?.try_cast::<v8::String>().ok()?;
        Some(preview(scope, text, TEXT))
    };
    text().map_or_else(Vec::new, |text| text.lines().filter_map(frame).filter(is_kept).take(most).collect())
}

/// Always `None`: the layer has no stack but those of errors.
pub(crate) fn caller(_: &v8::PinScope<'_, '_>, _: impl Fn(&StackFrame) -> bool) -> Option<StackFrame> {
    None
}

/// Keeps nothing: the frames are those of the text.
pub(crate) fn tell_frames(_: &v8::PinScope<'_, '_>, _: v8::Local<'_, v8::Object>, _: &[StackFrame]) {}

/// Where a guest has called an `async` host method, which QuickJS does not tell.
pub(crate) struct CallSite;

impl CallSite {
    pub(crate) fn here(_: &v8::PinScope<'_, '_>) -> Self {
        Self
    }

    pub(crate) fn give(&self, _: &v8::PinScope<'_, '_>, _: v8::Local<'_, v8::Value>) -> Option<()> {
        None
    }
}

/// A line such as `    at price (acme.js:3:14)` or `    at acme.js:3:14`.
fn frame(line: &str) -> Option<StackFrame> {
    let place = line.trim_start().strip_prefix("at ")?;
    let (function, place) = match place.strip_suffix(')').and_then(|place| place.rsplit_once(" (")) {
        Some((function, place)) => (Some(function.to_owned()), place),
        None => (None, place),
    };
    let (place, column) = place.rsplit_once(':')?;
    let (file, line) = place.rsplit_once(':')?;
    Some(StackFrame::new(function, file.to_owned(), (line.parse().ok()?, column.parse().ok()?)))
}

/// A source to compile. Compiled code is not kept.
pub(crate) fn source(
    text: v8::Local<'_, v8::String>,
    origin: &v8::ScriptOrigin<'_>,
    _: Option<&[u8]>,
) -> (v8::script_compiler::Source, v8::script_compiler::CompileOptions) {
    let options = v8::script_compiler::CompileOptions::NoCompileOptions;
    (v8::script_compiler::Source::new(text, Some(origin)), options)
}

/// Always `None`: modules are not linked. The layer lacks the functions that would read the options.
pub(crate) fn numbers_of_options(_: &v8::PinScope<'_, '_>, _: v8::Local<'_, v8::Data>) -> Option<[usize; 2]> {
    None
}

/// Always `None`: the engine links no modules.
pub(crate) fn text_of_data<'s>(_: v8::Local<'s, v8::Data>) -> Option<v8::Local<'s, v8::String>> {
    None
}

/// Always `None`: the engine keeps no code of a module.
pub(crate) fn code_of_module(_: &v8::PinScope<'_, '_>, _: v8::Local<'_, v8::Module>) -> Option<Vec<u8>> {
    None
}

/// Always `None`: the engine keeps no code of a function.
pub(crate) fn code_of_function(_: &v8::PinScope<'_, '_>, _: v8::Local<'_, v8::Function>) -> Option<Vec<u8>> {
    None
}

/// Always false: entering an isolate costs nothing, so none stays entered.
pub(crate) fn stay_entered(_: RawIsolate, _: bool) -> bool {
    false
}

/// Does nothing: no isolate stays entered.
pub(crate) fn leave_entered(_: RawIsolate) {}

/// Does nothing: the engine remembers no flight for later code.
pub(crate) fn enter_flight(_: &v8::PinScope<'_, '_>, _: Option<u64>) {}

/// The flight that the running code belongs to: the one that has its turn.
pub(crate) fn flight(_: &v8::PinScope<'_, '_>, turn: u64) -> Option<u64> {
    Some(turn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repairs_are_undone_as_many_as_there_were() {
        let repaired =
            "a\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}b".encode_utf16().collect::<Vec<_>>();
        let a = u16::from(b'a');
        assert_eq!(with_lone_surrogates(&repaired, 2), [a, 0xd800, 0xd800, a + 1]);
        assert_eq!(with_lone_surrogates(&repaired, 1), [a, 0xd800, 0xfffd, 0xfffd, 0xfffd, a + 1]);
        assert!(with_lone_surrogates(&[], 3).is_empty());
    }

    #[test]
    fn lines_of_a_stack_are_frames() {
        let found = |line| frame(line).map(|f| (f.function, f.file, f.line, f.column));
        assert_eq!(found("    at price (a b.js:3:14)"), Some((Some("price".into()), "a b.js".into(), 3, 14)));
        assert_eq!(found("at a.js:1:2"), Some((None, "a.js".into(), 1, 2)));
        for other in ["Error: at home", "    at native", "    at f (native)", "    at f (a:b:c)", ""] {
            assert_eq!(found(other), None, "{other}");
        }
    }
}
