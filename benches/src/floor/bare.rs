//! A bare isolate of V8 and its functions, called with handles that are kept.

use std::time::Duration;

use deno_core::{serde_v8, v8};

use crate::contracts::{GUEST, Line, Order};

/// Makes V8 ready in a process that has no sandbox.
pub fn start_v8() {
    let platform = v8::new_default_platform(0, false).make_shared();
    v8::V8::initialize_platform(platform);
    v8::V8::initialize();
}

/// An isolate from V8's own snapshot, and a context in it.
pub struct Bare {
    context: v8::Global<v8::Context>,
    isolate: v8::OwnedIsolate,
}

impl Default for Bare {
    fn default() -> Self {
        Self::new()
    }
}

impl Bare {
    /// Makes it, on a V8 that has been started. Isolates of one thread are dropped in the reverse order.
    #[must_use]
    pub fn new() -> Self {
        let mut isolate = v8::Isolate::new(v8::CreateParams::default());
        let context = new_context(&mut isolate);
        Self { context, isolate }
    }

    /// A handle for stepping aside, while this lives.
    pub fn aside(&mut self) -> Aside {
        // SAFETY: the pointer is used while the isolate lives.
        Aside(unsafe { self.isolate.as_raw_isolate_ptr() })
    }

    /// Makes a further context.
    pub fn context(&mut self) -> v8::Global<v8::Context> {
        new_context(&mut self.isolate)
    }

    /// A function that a source evaluates to.
    pub fn function(&mut self, source: &str) -> v8::Global<v8::Function> {
        function_in(&mut self.isolate, &self.context, source)
    }

    /// Compiles the script of the benchmarks of starts in a context, and calls it.
    pub fn first_call_in(&mut self, context: &v8::Global<v8::Context>) -> f64 {
        let add = function_in(&mut self.isolate, context, "(a, b) => a + b");
        add_by(&mut self.isolate, context, &add, 2.0, 3.0)
    }

    /// The same in its own context.
    pub fn first_call(&mut self) -> f64 {
        let context = self.context.clone();
        self.first_call_in(&context)
    }

    /// Calls a function of two numbers.
    #[inline]
    pub fn add(&mut self, function: &v8::Global<v8::Function>, a: f64, b: f64) -> f64 {
        add_by(&mut self.isolate, &self.context, function, a, b)
    }

    /// The same where other isolates of this thread were made later.
    pub fn add_entered(&mut self, function: &v8::Global<v8::Function>, a: f64, b: f64) -> f64 {
        // SAFETY: it is left again below; a panic ends the benchmark.
        unsafe { self.isolate.enter() };
        let sum = self.add(function, a, b);
        // SAFETY: it was entered above.
        unsafe { self.isolate.exit() };
        sum
    }

    /// Calls a function that gives a promise, which is settled when the microtasks have run.
    #[inline]
    pub fn promised(&mut self, function: &v8::Global<v8::Function>, a: f64, b: f64) -> f64 {
        v8::scope_with_context!(let scope, &mut self.isolate, &self.context);
        let function = v8::Local::new(scope, function);
        let arguments = [v8::Number::new(scope, a).into(), v8::Number::new(scope, b).into()];
        let undefined = v8::undefined(scope).into();
        let promise = function.call(scope, undefined, &arguments).unwrap().cast::<v8::Promise>();
        scope.perform_microtask_checkpoint();
        promise.result(scope).number_value(scope).unwrap()
    }

    /// Gets a function out of an exported object, as what binds a script does.
    pub fn bind(&mut self, exports: &v8::Global<v8::Object>, name: &str) -> v8::Global<v8::Function> {
        v8::scope_with_context!(let scope, &mut self.isolate, &self.context);
        let exports = v8::Local::new(scope, exports);
        let name = v8::String::new(scope, name).unwrap().into();
        let function = exports.get(scope, name).unwrap().cast::<v8::Function>();
        v8::Global::new(scope, function)
    }

    /// The object that a source evaluates to.
    pub fn object(&mut self, source: &str) -> v8::Global<v8::Object> {
        v8::scope_with_context!(let scope, &mut self.isolate, &self.context);
        let object = evaluate(scope, source).cast::<v8::Object>();
        v8::Global::new(scope, object)
    }
}

/// An isolate that steps aside. Else it would stay the current one of its thread while another is measured, which then has to be
/// entered for each call.
#[derive(Clone, Copy)]
pub struct Aside(v8::UnsafeRawIsolatePtr);

impl Aside {
    /// Measures the other side while this isolate, which lives and is entered, is not.
    pub fn during(self, mut side: impl FnMut(u64) -> Duration) -> impl FnMut(u64) -> Duration {
        move |turns| {
            // SAFETY: it lives, on this thread, and is the current one; a panic ends the benchmark.
            unsafe { v8::Isolate::from_raw_isolate_ptr(self.0).exit() };
            let took = side(turns);
            // SAFETY: it was left above.
            unsafe { v8::Isolate::from_raw_isolate_ptr(self.0).enter() };
            took
        }
    }
}

fn new_context(isolate: &mut v8::OwnedIsolate) -> v8::Global<v8::Context> {
    v8::scope!(let scope, isolate);
    let context = v8::Context::new(scope, v8::ContextOptions::default());
    v8::Global::new(scope, context)
}

fn evaluate<'s>(scope: &mut v8::PinScope<'s, '_>, source: &str) -> v8::Local<'s, v8::Value> {
    let source = v8::String::new(scope, &format!("({source})")).unwrap();
    v8::Script::compile(scope, source, None).unwrap().run(scope).unwrap()
}

fn function_in(
    isolate: &mut v8::OwnedIsolate,
    context: &v8::Global<v8::Context>,
    source: &str,
) -> v8::Global<v8::Function> {
    v8::scope_with_context!(let scope, isolate, context);
    let function = evaluate(scope, source).cast::<v8::Function>();
    v8::Global::new(scope, function)
}

#[inline]
fn add_by(
    isolate: &mut v8::OwnedIsolate,
    context: &v8::Global<v8::Context>,
    function: &v8::Global<v8::Function>,
    a: f64,
    b: f64,
) -> f64 {
    v8::scope_with_context!(let scope, isolate, context);
    let function = v8::Local::new(scope, function);
    let arguments = [v8::Number::new(scope, a).into(), v8::Number::new(scope, b).into()];
    let undefined = v8::undefined(scope).into();
    function.call(scope, undefined, &arguments).unwrap().number_value(scope).unwrap()
}

/// The guest of the benchmarks, called by hand.
pub struct BareGuest {
    add: v8::Global<v8::Function>,
    greet: v8::Global<v8::Function>,
    order: v8::Global<v8::Function>,
    lines: v8::Global<v8::Function>,
    size: v8::Global<v8::Function>,
    bare: Bare,
}

impl Default for BareGuest {
    fn default() -> Self {
        Self::new()
    }
}

impl BareGuest {
    /// Evaluates the guest, and keeps its functions.
    #[must_use]
    pub fn new() -> Self {
        let mut bare = Bare::new();
        let exports = bare.object(GUEST);
        let [add, greet, order, lines, size] =
            ["add", "greet", "order", "lines", "size"].map(|name| bare.bind(&exports, name));
        Self { add, greet, order, lines, size, bare }
    }

    /// A handle for stepping aside, while this lives.
    pub fn aside(&mut self) -> Aside {
        self.bare.aside()
    }

    /// Two numbers.
    #[inline]
    pub fn add(&mut self, a: f64, b: f64) -> f64 {
        self.bare.add(&self.add, a, b)
    }

    /// A text in and out.
    #[inline]
    pub fn greet(&mut self, name: &str) -> String {
        v8::scope_with_context!(let scope, &mut self.bare.isolate, &self.bare.context);
        let function = v8::Local::new(scope, &self.greet);
        let undefined = v8::undefined(scope).into();
        let name = v8::String::new(scope, name).unwrap().into();
        function.call(scope, undefined, &[name]).unwrap().to_rust_string_lossy(scope)
    }

    /// A struct of ten fields in and out.
    #[inline]
    pub fn order(&mut self, order: &Order) -> Order {
        v8::scope_with_context!(let scope, &mut self.bare.isolate, &self.bare.context);
        let function = v8::Local::new(scope, &self.order);
        let undefined = v8::undefined(scope).into();
        let order = serde_v8::to_v8(scope, order).unwrap();
        let result = function.call(scope, undefined, &[order]).unwrap();
        serde_v8::from_v8(scope, result).unwrap()
    }

    /// A thousand structs in and out.
    #[inline]
    pub fn lines(&mut self, lines: &[Line]) -> Vec<Line> {
        v8::scope_with_context!(let scope, &mut self.bare.isolate, &self.bare.context);
        let function = v8::Local::new(scope, &self.lines);
        let undefined = v8::undefined(scope).into();
        let lines = serde_v8::to_v8(scope, lines).unwrap();
        let result = function.call(scope, undefined, &[lines]).unwrap();
        serde_v8::from_v8(scope, result).unwrap()
    }

    /// Bytes in, which V8 takes over.
    #[inline]
    pub fn size(&mut self, bytes: Vec<u8>) -> f64 {
        v8::scope_with_context!(let scope, &mut self.bare.isolate, &self.bare.context);
        let function = v8::Local::new(scope, &self.size);
        let undefined = v8::undefined(scope).into();
        let length = bytes.len();
        let store = v8::ArrayBuffer::new_backing_store_from_vec(bytes).make_shared();
        let buffer = v8::ArrayBuffer::with_backing_store(scope, &store);
        let array = v8::Uint8Array::new(scope, buffer, 0, length).unwrap().into();
        function.call(scope, undefined, &[array]).unwrap().number_value(scope).unwrap()
    }
}
