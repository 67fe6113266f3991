//! V8: the functions that work in a scope, on its handles: compiled code, strings, positions, stacks, promises, flights.
//!
//! `engine::quickjs` defines the same names.

use deno_core::v8;

use super::LazyValue;
use crate::error::StackFrame;

/// A source to compile, with the code that was cached for it. V8 rejects code of another version, of other flags, or for a
/// source of another length, and then compiles. The code never leaves the process.
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

/// The two numbers that the options of a script have.
pub(crate) fn numbers_of_options(
    scope: &v8::PinScope<'_, '_>,
    options: v8::Local<'_, v8::Data>,
) -> Option<[usize; 2]> {
    let options = options.try_cast::<v8::FixedArray>().ok().filter(|options| options.length() == 2)?;
    let number = |at| {
        let value = options.get(scope, at)?.try_cast::<v8::Integer>().ok()?;
        usize::try_from(value.value()).ok()
    };
    Some([number(0)?, number(1)?])
}

/// The text that is an item of a list of the engine's, such as the attributes of an import.
pub(crate) fn text_of_data<'s>(data: v8::Local<'s, v8::Data>) -> Option<v8::Local<'s, v8::String>> {
    data.try_cast().ok()
}

/// The code that V8 has made of a module so far.
pub(crate) fn code_of_module(
    scope: &v8::PinScope<'_, '_>,
    module: v8::Local<'_, v8::Module>,
) -> Option<Vec<u8>> {
    module.get_unbound_module_script(scope).create_code_cache().map(|code| code.to_vec())
}

/// The code that V8 has made of a function so far.
pub(crate) fn code_of_function(
    _: &v8::PinScope<'_, '_>,
    function: v8::Local<'_, v8::Function>,
) -> Option<Vec<u8>> {
    function.create_code_cache().map(|code| code.to_vec())
}

/// A list of these values, which are its own elements. No setter of a prototype is called.
#[expect(clippy::disallowed_methods, reason = "V8 calls no setter")]
#[expect(clippy::unnecessary_wraps, reason = "a list of the other engine may not be made")]
pub(crate) fn list<'s>(
    scope: &v8::PinScope<'s, '_>,
    values: &[v8::Local<'s, v8::Value>],
) -> Option<v8::Local<'s, v8::Array>> {
    Some(v8::Array::new_with_elements(scope, values))
}

/// Defines a property whose value is made when the property is first read. For a guest it is a property with a value.
pub(crate) fn define_lazy<L: LazyValue>(
    scope: &v8::PinScope<'_, '_>,
    object: v8::Local<'_, v8::Object>,
    key: v8::Local<'_, v8::Name>,
    data: v8::Local<'_, v8::Value>,
    attributes: v8::PropertyAttribute,
) -> Option<()> {
    let has = || v8::SideEffectType::HasSideEffect;
    let defined =
        object.set_lazy_data_property_with_data(scope, key, lazy::<L>, data, attributes, has(), has());
    (defined == Some(true)).then_some(())
}

fn lazy<L: LazyValue>(
    scope: &mut v8::PinScope<'_, '_>,
    key: v8::Local<'_, v8::Name>,
    arguments: v8::PropertyCallbackArguments<'_>,
    mut result: v8::ReturnValue<'_, v8::Value>,
) {
    let (data, key) = (v8::Local::new(scope, arguments.data()), v8::Local::new(scope, key));
    if let Some(value) = L::make(scope, data, key) {
        result.set(value);
    }
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

/// Whether a value is a pointer of the host's.
pub(crate) fn is_external(value: v8::Local<'_, v8::Value>) -> bool {
    value.is_external()
}

/// Runs microtasks until the queue is empty or the call is ended.
#[inline]
pub(crate) fn run_microtasks(scope: &mut v8::PinScope<'_, '_>, _is_ended: impl Fn() -> bool) {
    scope.perform_microtask_checkpoint();
}

/// Drops microtasks without running them. Returns whether the queue is empty.
///
/// V8 drops them when it is asked to run them while a termination is pending.
pub(crate) fn drop_microtasks(scope: &mut v8::PinScope<'_, '_>) -> bool {
    scope.terminate_execution();
    scope.perform_microtask_checkpoint();
    scope.cancel_terminate_execution();
    true
}

/// The functions of a realm that conversions need: none on V8.
pub(crate) struct EngineIntrinsics;

impl EngineIntrinsics {
    /// Captures nothing: V8 needs no functions of the realm.
    pub(crate) fn of(_: &v8::PinScope<'_, '_>) -> Option<Self> {
        Some(Self)
    }
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
///
/// The frames that V8 keeps with an Error have no `async` callers. The text of a stack has them, so an exception without a message,
/// which is that of a promise or a cause, is asked for its text first.
pub(crate) fn stack_of(
    scope: &v8::PinScope<'_, '_>,
    exception: v8::Local<'_, v8::Value>,
    message: Option<v8::Local<'_, v8::Message>>,
    most: usize,
    is_kept: impl Fn(&StackFrame) -> bool,
) -> Vec<StackFrame> {
    let error = exception.try_cast::<v8::Object>().ok().filter(|_| exception.is_native_error());
    if message.is_none()
        && let Some(told) = error.and_then(|error| told_frames(scope, error))
    {
        return told.into_iter().filter(is_kept).take(most).collect();
    }
    let made = error.and_then(|_| v8::Exception::get_stack_trace(scope, exception));
    let Some(trace) = made.or_else(|| message.and_then(|message| message.get_stack_trace(scope))) else {
        return Vec::new();
    };
    (0..trace.get_frame_count())
        .filter_map(|index| frame(scope, trace.get_frame(scope, index)?))
        .filter(is_kept)
        .take(most)
        .collect()
}

/// The innermost frame of the code that runs and is kept.
pub(crate) fn caller(
    scope: &v8::PinScope<'_, '_>,
    is_kept: impl Fn(&StackFrame) -> bool,
) -> Option<StackFrame> {
    // A function of a program calls few others of its own, and built-ins that it calls have no frames.
    const MOST: usize = 8;
    let trace = v8::StackTrace::current_stack_trace(scope, MOST)?;
    (0..trace.get_frame_count())
        .filter_map(|index| frame(scope, trace.get_frame(scope, index)?))
        .find(is_kept)
}

/// The private property of an Error that has the frames in the text of its stack. No guest can reach it.
fn told_key<'s>(scope: &v8::PinScope<'s, '_>) -> v8::Local<'s, v8::Private> {
    v8::Private::for_api(scope, v8::String::new(scope, "sandbox:frames"))
}

/// Keeps the frames that are in the text of an Error's stack.
pub(crate) fn tell_frames(
    scope: &v8::PinScope<'_, '_>,
    error: v8::Local<'_, v8::Object>,
    frames: &[StackFrame],
) {
    if !error.is_native_error() {
        return;
    }
    let text =
        |text: &str| -> Option<v8::Local<'_, v8::Value>> { Some(v8::String::new(scope, text)?.into()) };
    let number = |number: usize| -> v8::Local<'_, v8::Value> { v8::Number::new(scope, number as f64).into() };
    let mut parts: Vec<v8::Local<'_, v8::Value>> = Vec::new();
    for StackFrame { function, file, line, column, .. } in frames {
        let function = function.as_deref().and_then(text).unwrap_or_else(|| v8::undefined(scope).into());
        let Some(file) = text(file) else { return };
        parts.extend([function, file, number(*line), number(*column)]);
    }
    if let Some(parts) = list(scope, &parts) {
        error.set_private(scope, told_key(scope), parts.into());
    }
}

/// The text of an Error's stack, by V8's own getter. A property or a prototype that the guest has changed is not asked.
fn stack_text<'s>(
    scope: &v8::PinScope<'s, '_>,
    error: v8::Local<'_, v8::Object>,
) -> Option<v8::Local<'s, v8::String>> {
    let fresh = v8::Exception::error(scope, v8::String::empty(scope)).try_cast::<v8::Object>().ok()?;
    let key = v8::String::new(scope, "stack")?;
    let descriptor = fresh.get_own_property_descriptor(scope, key.into())?.try_cast::<v8::Object>().ok()?;
    let getter = v8::String::new(scope, "get").and_then(|key| descriptor.get(scope, key.into()))?;
    getter.try_cast::<v8::Function>().ok()?.call(scope, error.into(), &[])?.try_cast().ok()
}

/// The frames in the text of an Error's stack, which is made for that. `None` if there are none.
fn told_frames(scope: &v8::PinScope<'_, '_>, error: v8::Local<'_, v8::Object>) -> Option<Vec<StackFrame>> {
    stack_text(scope, error)?;
    kept_frames(scope, error)
}

/// The frames that [`tell_frames`] has kept.
fn kept_frames(scope: &v8::PinScope<'_, '_>, error: v8::Local<'_, v8::Object>) -> Option<Vec<StackFrame>> {
    let parts = error.get_private(scope, told_key(scope))?.try_cast::<v8::Array>().ok()?;
    let text = |index: u32| {
        let text = parts.get_index(scope, index)?.try_cast::<v8::String>().ok()?;
        Some(text.to_rust_string_lossy(scope))
    };
    let number = |index: u32| usize::try_from(parts.get_index(scope, index)?.uint32_value(scope)?).ok();
    let frame = |first: u32| {
        let place = (number(first + 2)?, number(first + 3)?);
        Some(StackFrame::new(text(first), text(first + 1)?, place))
    };
    let frames: Vec<_> = (0..parts.length() / 4).filter_map(|index| frame(4 * index)).collect();
    (!frames.is_empty()).then_some(frames)
}

/// Where a guest has called an `async` host method, with the `async` callers.
pub(crate) struct CallSite(Option<v8::Global<v8::Object>>);

impl CallSite {
    /// The place of the code that runs.
    pub(crate) fn here(scope: &v8::PinScope<'_, '_>) -> Self {
        let error = v8::Exception::error(scope, v8::String::empty(scope));
        Self(error.try_cast::<v8::Object>().ok().map(|error| v8::Global::new(scope, error)))
    }

    /// Gives this place to an Error of the host that was made where no code of the guest ran.
    pub(crate) fn give(
        &self,
        scope: &v8::PinScope<'_, '_>,
        exception: v8::Local<'_, v8::Value>,
    ) -> Option<()> {
        let error = exception.try_cast::<v8::Object>().ok().filter(|_| exception.is_native_error())?;
        let own = v8::Local::new(scope, self.0.as_ref()?);
        let text = |of: v8::Local<'_, v8::Object>| Some(stack_text(scope, of)?.to_rust_string_lossy(scope));
        let (place, header) = (text(own)?, text(error)?);
        let frames = kept_frames(scope, own)?;
        let stack = place.find("\n    at ").map_or("", |at| &place[at..]);
        let key = v8::String::new(scope, "stack")?;
        let stack = v8::String::new(scope, &format!("{header}{stack}"))?;
        error.define_own_property(scope, key.into(), stack.into(), v8::PropertyAttribute::DONT_ENUM)?;
        tell_frames(scope, error, &frames);
        Some(())
    }
}

/// `None` for a frame without a file, or with too long a name.
fn frame(scope: &v8::PinScope<'_, '_>, frame: v8::Local<'_, v8::StackFrame>) -> Option<StackFrame> {
    const NAME: usize = 256;
    let text = |string: v8::Local<'_, v8::String>| {
        (1..=NAME).contains(&string.length()).then(|| string.to_rust_string_lossy(scope))
    };
    let file = frame.get_script_name(scope).and_then(text)?;
    let function = frame.get_function_name(scope).and_then(text);
    Some(StackFrame::new(function, file, (frame.get_line_number(), frame.get_column())))
}

/// The function pair that settles a promise of the host.
#[derive(Clone, Copy)]
pub(crate) struct Resolver<'s>(pub(in crate::isolate) v8::Local<'s, v8::PromiseResolver>);

/// A [`Resolver`] that is kept across scopes.
pub(crate) struct KeptResolver(v8::Global<v8::PromiseResolver>);

impl<'s> Resolver<'s> {
    /// The resolver as a value, for the data of a function.
    pub(crate) fn value(self) -> v8::Local<'s, v8::Value> {
        self.0.into()
    }

    /// The resolver that was made this value.
    ///
    /// # Safety
    ///
    /// The value is one that [`value`](Self::value) has given.
    #[expect(clippy::unnecessary_wraps, reason = "QuickJS has no such values")]
    pub(crate) unsafe fn of_value(value: v8::Local<'s, v8::Value>) -> Option<Self> {
        // SAFETY: the value is a resolver, as the caller says.
        Some(Self(unsafe { v8::Local::cast_unchecked(value) }))
    }

    pub(crate) fn keep(self, scope: &v8::PinScope<'_, '_>) -> KeptResolver {
        KeptResolver(v8::Global::new(scope, self.0))
    }

    pub(crate) fn promise(self, scope: &v8::PinScope<'s, '_>) -> v8::Local<'s, v8::Promise> {
        self.0.get_promise(scope)
    }

    /// Resolves or rejects the promise; `None` when the engine failed.
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

/// Notes the flight of the code that runs from here on. V8 keeps the note for all code that follows when a promise settles
/// (`ContinuationPreservedEmbedderData`).
pub(crate) fn enter_flight(scope: &v8::PinScope<'_, '_>, flight: Option<u64>) {
    let data = match flight {
        Some(flight) => v8::Number::new(scope, flight as f64).into(),
        None => v8::undefined(scope).into(),
    };
    scope.set_continuation_preserved_embedder_data(data);
}

/// The flight that the running code belongs to.
pub(crate) fn flight(scope: &v8::PinScope<'_, '_>, _turn: u64) -> Option<u64> {
    let data = scope.get_continuation_preserved_embedder_data();
    data.try_cast::<v8::Number>().ok().map(|number| number.value() as u64)
}
