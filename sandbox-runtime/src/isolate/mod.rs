//! One isolate of V8 on the thread that made it, with the realm of its guest.
//!
//! The isolate is entered for each use and left after it, so that several can live on one thread and be
//! dropped in any order. It is reached through a raw pointer and not through `JsRuntime`, because a host method
//! may call its guest again while a call is under way further up on the stack.

mod callbacks;
pub(crate) mod engine;
pub(crate) mod fast;
pub(crate) mod heap;
pub(crate) mod ops;
mod realm;
pub(crate) mod script;
pub(crate) mod shim;
pub(crate) mod stack;
mod thrown;
pub(crate) mod watchdog;

use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use deno_core::{Extension, JsRuntime, RuntimeOptions, v8};

use crate::arguments::Arguments;
use crate::boundary::{ArgumentWriter, Budget, to_host};
use crate::contract::{Contract, ContractSpec, GuestMethod, HostContract};
use crate::error::{Direction, Error, LimitKind, Place};
use crate::limits::Limits;
use crate::script::Script;
use heap::HeapGuard;
use ops::{HostOp, place_of, write_error};
use script::{Binding, Exports};
use stack::StackEnd;
use watchdog::Watch;

/// The slot of V8 that holds a pointer to the [`Isolate`]; deno_core uses slot 0.
const SLOT: u32 = 1;

/// A scope that catches what the guest throws.
type Catch<'p, 't, 's, 'i> = v8::PinnedRef<'p, v8::TryCatch<'t, 's, v8::HandleScope<'i>>>;

/// A host's implementation of a contract.
pub(crate) struct Host {
    contract: TypeId,
    spec: &'static ContractSpec,
    ops: &'static [HostOp],
    /// A `Box<C>`, where `C` is the contract.
    object: Box<dyn Any>,
}

impl Host {
    pub(crate) fn new<C: ?Sized + HostContract>(object: Box<C>) -> Self {
        Self { contract: TypeId::of::<C>(), spec: &C::SPEC, ops: C::OPS, object: Box::new(object) }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.spec.name
    }
}

/// An isolate and all that belongs to it.
pub(crate) struct Isolate {
    limits: Limits,
    hosts: Vec<Host>,
    stack: StackEnd,
    heap: HeapGuard,
    /// How many calls are under way on the stack.
    depth: Cell<usize>,
    /// A call inside of another was ended, and so must the other be.
    ended_inside: Cell<bool>,
    /// A call that was ended left microtasks behind that cannot be dropped.
    has_leftovers: Cell<bool>,
    live: RefCell<Option<Live>>,
    /// Why there is no `live` any more.
    discarded: RefCell<Option<Error>>,
}

/// What exists as long as the isolate does.
struct Live {
    realm: v8::Global<v8::Context>,
    root_prototype: v8::Global<v8::Object>,
    intrinsics: engine::Intrinsics,
    watch: Arc<Watch>,
    raw: v8::UnsafeRawIsolatePtr,
    runtime: JsRuntime,
}

impl Isolate {
    /// Makes an isolate on this thread, whose guests' stack ends at `stack`.
    pub(crate) fn new(limits: Limits, hosts: Vec<Host>, stack: StackEnd) -> Result<Rc<Self>, Error> {
        engine::start();
        watchdog::start().map_err(Error::build)?;
        let isolate = Rc::new(Self {
            limits,
            hosts,
            stack,
            heap: HeapGuard::default(),
            depth: Cell::new(0),
            ended_inside: Cell::new(false),
            has_leftovers: Cell::new(false),
            live: RefCell::default(),
            discarded: RefCell::default(),
        });
        let live = isolate.start()?;
        *isolate.live.borrow_mut() = Some(live);
        Ok(isolate)
    }

    fn start(self: &Rc<Self>) -> Result<Live, Error> {
        let buffers = engine::Buffers::new(self.heap.no_buffer());
        let options = RuntimeOptions {
            extensions: vec![self.extension()],
            create_params: Some(self.create_params(&buffers)),
            ..RuntimeOptions::default()
        };
        let mut runtime = engine::with_stack(self.stack, || JsRuntime::try_new(options))
            .map_err(|error| Error::build(error.to_string()))?;
        let v8_isolate = runtime.v8_isolate();
        callbacks::install(v8_isolate);
        self.heap.watch(v8_isolate);
        v8_isolate.set_data(SLOT, Rc::as_ptr(self).cast_mut().cast::<c_void>());
        let watch = Watch::new(v8_isolate.thread_safe_handle());
        // SAFETY: the pointer is used only while `runtime` lives, on this thread: both are fields of `Live`.
        let raw = unsafe { v8_isolate.as_raw_isolate_ptr() };
        let realm = self.realm(v8_isolate);
        buffers.limit(self.limits.buffers);
        // SAFETY: deno_core entered the isolate when it made it; it is left here, and entered around each use.
        unsafe { v8_isolate.exit() };
        match realm {
            Ok((realm, root_prototype, intrinsics)) => {
                Ok(Live { realm, root_prototype, intrinsics, watch, raw, runtime })
            }
            Err(reason) => {
                drop_runtime(runtime, raw);
                Err(Error::build(reason))
            }
        }
    }

    fn extension(&self) -> Extension {
        let ops = self.hosts.iter().flat_map(|host| host.ops).map(HostOp::decl).collect::<Vec<_>>();
        Extension { name: "sandbox", ops: ops.into(), ..Extension::default() }
    }

    fn create_params(&self, buffers: &engine::Buffers) -> v8::CreateParams {
        let params = v8::CreateParams::default().heap_limits(0, self.limits.heap).allow_atomics_wait(false);
        buffers.serve(params)
    }

    fn realm(
        &self,
        v8_isolate: &mut v8::OwnedIsolate,
    ) -> Result<(v8::Global<v8::Context>, v8::Global<v8::Object>, engine::Intrinsics), String> {
        let contracts = self.hosts.iter().map(|host| (host.spec, host.ops)).collect::<Vec<_>>();
        v8::scope!(let scope, v8_isolate);
        let context = realm::create(scope, &contracts)?;
        let context_global = v8::Global::new(scope, context);
        let scope = &mut v8::ContextScope::new(scope, context);
        let root =
            v8::Object::new(scope).get_prototype(scope).and_then(|root| root.try_cast::<v8::Object>().ok());
        let root = root.ok_or("V8 has no `Object.prototype`")?;
        let intrinsics = engine::Intrinsics::of(scope).ok_or("the engine's own functions do not run")?;
        Ok((context_global, v8::Global::new(scope, root), intrinsics))
    }

    /// The budget of one crossing.
    pub(crate) fn budget(&self) -> Budget {
        Budget::new(&self.limits, self.stack)
    }

    /// Where the guest's stack ends.
    pub(crate) fn stack(&self) -> StackEnd {
        self.stack
    }

    /// The isolate that a scope is of.
    pub(crate) fn current<'r>(scope: &'r v8::PinScope<'_, '_>) -> Option<&'r Self> {
        Self::of(scope)
    }

    pub(crate) fn of(isolate: &v8::Isolate) -> Option<&Self> {
        let pointer = isolate.get_data(SLOT).cast::<Self>();
        // SAFETY: null, or set by `start` to an `Rc` that owns the V8 isolate. V8 is running, so a caller up the
        // stack holds that `Rc`.
        unsafe { pointer.as_ref() }
    }

    /// The host's implementation of a contract.
    pub(crate) fn host<C: ?Sized + Contract>(&self) -> Option<&C> {
        let host = self.hosts.iter().find(|host| host.contract == TypeId::of::<C>())?;
        host.object.downcast_ref::<Box<C>>().map(|object| &**object)
    }

    /// Gives what conversions need of the guest's realm to `body`.
    #[cfg(feature = "quickjs")]
    pub(crate) fn with_intrinsics<R>(&self, body: impl FnOnce(&engine::Intrinsics) -> R) -> Option<R> {
        self.live.borrow().as_ref().map(|live| body(&live.intrinsics))
    }

    pub(crate) fn is_root_prototype(
        &self,
        scope: &v8::PinScope<'_, '_>,
        object: v8::Local<'_, v8::Object>,
    ) -> bool {
        let root = self.live.borrow().as_ref().map(|live| v8::Local::new(scope, &live.root_prototype));
        root.is_some_and(|root| root == object)
    }

    // -----------------------------------------------------------------------------------------------------
    // What a sandbox does

    /// Evaluates a script.
    pub(crate) fn evaluate(&self, script: &Script) -> Result<Exports, Error> {
        self.run(None, |scope| script::evaluate(self, scope, script)).map_err(|error| match error {
            Error::Limit { kind, limit, place: None } => {
                Error::Limit { kind, limit: format!("{}: {limit}", script.name()), place: None }
            }
            other => other,
        })
    }

    /// Binds a contract to what a script exports.
    pub(crate) fn bind(&self, exports: &Exports, spec: &'static ContractSpec) -> Result<Binding, Error> {
        self.run(None, |scope| script::bind(self, scope, exports, spec))
    }

    /// Calls a method of the guest.
    pub(crate) fn call<M: GuestMethod, A: Arguments>(
        &self,
        binding: &Binding,
        args: &A,
    ) -> Result<M::Value, Error> {
        let place = place_of::<M>();
        let Some(method) = binding.method(M::INDEX) else {
            let export = M::spec().name;
            let problems = vec![crate::error::ExportProblem { export, found: None }];
            return Err(Error::Mismatch { contract: place.contract, script: String::new(), problems });
        };
        self.run(Some(place), |scope| {
            let budget = self.budget();
            let values = Vec::with_capacity(M::spec().params.len());
            let mut writer = ArgumentWriter { scope, budget: &budget, params: M::spec().params, values };
            args.write(&mut writer).map_err(write_error::<M>)?;
            let values = writer.values;
            let function = v8::Local::new(scope, &method.function);
            let receiver = match &method.receiver {
                Some(receiver) => v8::Local::new(scope, receiver).into(),
                None => v8::undefined(scope).into(),
            };
            v8::tc_scope!(let scope, scope);
            let Some(result) = function.call(scope, receiver, &values) else {
                return Err(self.thrown(scope, Some(place)));
            };
            to_host(scope, &self.budget(), result).map_err(|error| match scope.has_caught() {
                // A getter of the result threw, and that is what went wrong.
                true => self.thrown(scope, Some(place)),
                false => error.inside("result").into_error(place, Direction::ToHost),
            })
        })
    }

    // -----------------------------------------------------------------------------------------------------
    // Running guest code inside of its limits

    /// Runs `body` in the guest's realm, inside of its limits. The outermost run is the one that is limited; those
    /// inside of it, of host methods that call their guest, share its deadline.
    fn run<R>(
        &self,
        place: Option<Place>,
        body: impl FnOnce(&mut v8::PinScope<'_, '_>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let (raw, watch) = self.entrance()?;
        if !self.stack.allows_call() {
            return Err(stack_full(place));
        }
        let entered = Entered::new(raw, &self.depth);
        let result = match entered.is_outermost() {
            true => self.run_limited(raw, &watch, place, body),
            false => self.in_realm(raw, body).unwrap_or_else(|| Err(self.ended(place))),
        };
        self.ended_inside.set(!entered.is_outermost() && self.is_ended());
        let outermost = entered.is_outermost();
        drop(entered);
        if outermost && (self.heap.is_full() || self.has_leftovers.get()) {
            self.discard(self.ended(place));
        }
        result
    }

    fn entrance(&self) -> Result<(v8::UnsafeRawIsolatePtr, Arc<Watch>), Error> {
        match self.live.borrow().as_ref() {
            Some(live) => Ok((live.raw, live.watch.clone())),
            None => Err(self.discarded_error()),
        }
    }

    fn run_limited<R>(
        &self,
        raw: v8::UnsafeRawIsolatePtr,
        watch: &Watch,
        place: Option<Place>,
        body: impl FnOnce(&mut v8::PinScope<'_, '_>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let armed = watch.arm(self.limits.wall);
        let result = self.in_realm(raw, |scope| {
            let result = body(scope);
            if !self.is_ended() {
                engine::run_microtasks(scope, || self.is_ended());
            }
            result
        });
        let ended = self.is_ended().then(|| self.ended(place));
        if armed.disarm() || ended.is_some() {
            self.drop_microtasks(raw);
            return Err(ended.unwrap_or_else(|| self.late(place)));
        }
        result.unwrap_or_else(|| Err(self.discarded_error()))
    }

    /// Runs `body` with the realm entered; `None` when there is none any more.
    fn in_realm<R>(
        &self,
        raw: v8::UnsafeRawIsolatePtr,
        body: impl FnOnce(&mut v8::PinScope<'_, '_>) -> R,
    ) -> Option<R> {
        // SAFETY: `raw` is of `live`, which is dropped at depth 0 only, and `Entered` holds the depth above 0.
        let mut isolate = unsafe { v8::Isolate::from_raw_isolate_ptr(raw) };
        v8::scope!(let scope, &mut isolate);
        let realm = self.live.borrow().as_ref().map(|live| v8::Local::new(scope, &live.realm))?;
        Some(body(&mut v8::ContextScope::new(scope, realm)))
    }

    /// A call that was ended may leave microtasks behind, which the next call would pay for.
    fn drop_microtasks(&self, raw: v8::UnsafeRawIsolatePtr) {
        let dropped = self.in_realm(raw, engine::drop_microtasks);
        self.has_leftovers.set(dropped == Some(false));
    }

    /// Whether the call under way is being ended.
    pub(crate) fn is_ended(&self) -> bool {
        self.heap.is_full() || self.live.borrow().as_ref().is_some_and(|live| live.watch.has_fired())
    }

    /// The watch of the calls of this isolate.
    pub(crate) fn watch(&self) -> Result<Arc<Watch>, Error> {
        self.entrance().map(|(_, watch)| watch)
    }

    /// What is left of the call under way, if any.
    pub(crate) fn left(&self) -> Option<Duration> {
        self.live.borrow().as_ref()?.watch.left()
    }

    /// A host method returned to a guest that is being ended: it must not go on because the method took the
    /// termination for an error.
    pub(crate) fn keep_terminating(&self) {
        if self.ended_inside.get()
            && let Some(live) = self.live.borrow().as_ref()
        {
            // SAFETY: as in `in_realm`: a call is under way.
            unsafe { v8::Isolate::from_raw_isolate_ptr(live.raw) }.terminate_execution();
        }
    }

    /// The error of a call that is being ended.
    pub(crate) fn ended(&self, place: Option<Place>) -> Error {
        if !self.heap.is_full() {
            return self.late(place);
        }
        let limit = format!("the heap grew beyond {} bytes", self.limits.heap);
        Error::Limit { kind: LimitKind::Heap, limit, place }
    }

    fn late(&self, place: Option<Place>) -> Error {
        let limit = format!("the call took longer than {:?}", self.limits.wall);
        Error::Limit { kind: LimitKind::Wall, limit, place }
    }

    /// The error of a call that V8 returned nothing from.
    pub(crate) fn thrown(&self, scope: &Catch<'_, '_, '_, '_>, place: Option<Place>) -> Error {
        match scope.exception() {
            Some(exception) if !scope.has_terminated() && !self.is_ended() => {
                let message = scope.message();
                thrown::error(scope, exception, message, place)
            }
            _ => self.ended(place),
        }
    }

    fn discarded_error(&self) -> Error {
        let cause = self.discarded.borrow().clone();
        Error::Discarded { cause: Box::new(cause.unwrap_or_else(|| Error::build("it was closed"))) }
    }

    /// Gives the isolate up and its memory back. Later calls get `cause`.
    fn discard(&self, cause: Error) {
        *self.discarded.borrow_mut() = Some(cause);
        self.close();
    }

    fn close(&self) {
        let live = self.live.borrow_mut().take();
        if let Some(Live { realm, root_prototype, intrinsics, watch, raw, runtime }) = live {
            drop((realm, root_prototype, intrinsics, watch));
            drop_runtime(runtime, raw);
        }
    }
}

impl Drop for Isolate {
    fn drop(&mut self) {
        self.close();
    }
}

/// The error of a call that would not fit on the stack.
fn stack_full(place: Option<Place>) -> Error {
    Error::Limit { kind: LimitKind::Stack, limit: "the guest's stack is full".into(), place }
}

/// Drops a runtime whose isolate is not entered, which is what its drop expects.
fn drop_runtime(runtime: JsRuntime, raw: v8::UnsafeRawIsolatePtr) {
    // SAFETY: the isolate lives until `runtime` is dropped, which leaves it.
    unsafe { v8::Isolate::from_raw_isolate_ptr(raw).enter() };
    drop(runtime);
}

/// An isolate that is entered, and left when this is dropped.
struct Entered<'d> {
    raw: v8::UnsafeRawIsolatePtr,
    depth: &'d Cell<usize>,
}

impl<'d> Entered<'d> {
    fn new(raw: v8::UnsafeRawIsolatePtr, depth: &'d Cell<usize>) -> Self {
        // SAFETY: `raw` is of an isolate that lives on this thread and is not dropped while `depth` is above 0.
        unsafe { v8::Isolate::from_raw_isolate_ptr(raw).enter() };
        depth.set(depth.get() + 1);
        Self { raw, depth }
    }

    fn is_outermost(&self) -> bool {
        self.depth.get() == 1
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.depth.set(self.depth.get() - 1);
        // SAFETY: entered in `new`, and whatever was entered since has been left: guards are dropped in order.
        unsafe { v8::Isolate::from_raw_isolate_ptr(self.raw).exit() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox_api;

    #[sandbox_api(host, crate = crate)]
    pub(crate) trait Sum {
        fn sum(&self, a: f64, b: f64) -> f64;
        fn join(&self, a: &str, b: &str) -> String;
    }

    struct Plus;
    impl Sum for Plus {
        fn sum(&self, a: f64, b: f64) -> f64 {
            a + b
        }
        fn join(&self, a: &str, b: &str) -> String {
            format!("{a}{b}")
        }
    }

    /// The realm that deno_core made has the ops as well, and no guest has that realm.
    #[test]
    fn host_methods_are_ops_of_an_extension() {
        let limits = Limits::default();
        let host = Host::new::<dyn Sum>(Box::new(Plus));
        let isolate =
            Isolate::new(limits, vec![host], StackEnd::below_here(limits.stack)).expect("it can be built");
        let mut live = isolate.live.borrow_mut();
        let live = live.as_mut().expect("it lives");
        let names = live.runtime.op_names();
        let names = names.iter().filter(|name| name.starts_with("op_sandbox_")).collect::<Vec<_>>();
        assert!(
            matches!(&names[..], [sum, join] if sum.ends_with("_Sum_sum") && join.ends_with("_Sum_join")),
            "{names:?}"
        );
        let script = format!("Deno.core.ops.{}(1, 2) + Deno.core.ops.{}('a', 'b')", names[0], names[1]);
        let _entered = Entered::new(live.raw, &isolate.depth);
        let value = live.runtime.execute_script("ops.js", script).expect("the ops can be called");
        v8::scope_with_context!(let scope, live.runtime.v8_isolate(), &live.realm);
        assert_eq!(v8::Local::new(scope, value).to_rust_string_lossy(scope), "3ab");
    }
}
