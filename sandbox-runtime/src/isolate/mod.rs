//! One isolate of V8 on the thread that made it, with the realm of its guest.
//!
//! The isolate is entered for each use and left after it, so that several can live on one thread and be
//! dropped in any order. It is reached through a raw pointer and not through `JsRuntime`, because a host method
//! may call its guest again while a call is under way further up on the stack.

mod callbacks;
pub(crate) mod calls;
pub(crate) mod engine;
pub(crate) mod fast;
pub(crate) mod heap;
pub(crate) mod leaks;
pub(crate) mod ops;
mod realm;
mod run;
pub(crate) mod script;
pub(crate) mod shim;
pub(crate) mod stack;
mod thrown;
pub(crate) mod watchdog;

use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ffi::c_void;
use std::rc::Rc;
use std::sync::Arc;

use deno_core::{Extension, JsRuntime, RuntimeOptions, v8};

use crate::arguments::Arguments;
use crate::boundary::{ArgumentWriter, Budget, ValueError, observed, to_host};
use crate::contract::{Contract, ContractSpec, GuestContract, GuestMethod, HostContract, Method};
use crate::error::{Direction, Error, LimitKind, Place, Source};
use crate::limits::Limits;
use crate::schema::{ContractChecks, MethodChecks, TypeCheck, Violation};
use crate::script::Script;
use heap::HeapGuard;
use ops::{HostOp, enforce, place_of, write_error};
use realm::Realm;
use script::{Binding, Exports};
use stack::StackEnd;
use watchdog::Watch;

/// The slot of V8 that holds a pointer to the [`Isolate`]; deno_core uses slot 0.
const SLOT: u32 = 1;

/// A scope that catches what the guest throws.
type Catch<'p, 't, 's, 'i> = v8::PinnedRef<'p, v8::TryCatch<'t, 's, v8::HandleScope<'i>>>;

/// A host's implementation of a contract.
#[derive(Clone)]
pub(crate) struct Host {
    contract: TypeId,
    spec: &'static ContractSpec,
    ops: &'static [HostOp],
    /// The checks of its methods' arguments and results.
    checks: Arc<ContractChecks>,
    /// A `Box<C>`, where `C` is the contract.
    object: Rc<dyn Any>,
}

impl Host {
    pub(crate) fn new<C: ?Sized + HostContract>(object: Box<C>) -> Result<Self, String> {
        let checks = ContractChecks::of::<C>()?;
        Ok(Self { contract: TypeId::of::<C>(), spec: &C::SPEC, ops: C::OPS, checks, object: Rc::new(object) })
    }

    /// The implementation, when it is one of `C`.
    fn object<C: ?Sized + Contract>(&self) -> Option<&C> {
        self.object.downcast_ref::<Box<C>>().map(|object| &**object)
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
    buffers: engine::Buffers,
    /// How many calls are under way on the stack.
    depth: Cell<usize>,
    /// A call inside of another was ended, and so must the other be.
    ended_inside: Cell<bool>,
    /// A call that was ended left microtasks behind that cannot be dropped.
    has_leftovers: Cell<bool>,
    /// Errors of host methods, as the guest has them and as the host made them.
    host_errors: RefCell<VecDeque<(v8::Global<v8::Object>, Source)>>,
    live: RefCell<Option<Live>>,
    /// Why there is no `live` any more.
    discarded: RefCell<Option<Error>>,
}

/// What exists as long as the isolate does.
struct Live {
    realm: Realm,
    watch: Arc<Watch>,
    raw: v8::UnsafeRawIsolatePtr,
    runtime: JsRuntime,
}

impl Isolate {
    /// Makes an isolate on this thread, whose guests' stack ends at `stack`.
    pub(crate) fn new(limits: Limits, hosts: Vec<Host>, stack: StackEnd) -> Result<Rc<Self>, Error> {
        engine::start();
        watchdog::start().map_err(Error::build)?;
        let heap = HeapGuard::default();
        let isolate = Rc::new(Self {
            limits,
            hosts,
            stack,
            buffers: engine::Buffers::new(heap.no_buffer()),
            heap,
            depth: Cell::new(0),
            ended_inside: Cell::new(false),
            has_leftovers: Cell::new(false),
            host_errors: RefCell::default(),
            live: RefCell::default(),
            discarded: RefCell::default(),
        });
        let live = isolate.start()?;
        *isolate.live.borrow_mut() = Some(live);
        Ok(isolate)
    }

    fn start(self: &Rc<Self>) -> Result<Live, Error> {
        let options = RuntimeOptions {
            extensions: vec![self.extension()],
            create_params: Some(self.create_params()),
            ..RuntimeOptions::default()
        };
        let mut runtime = engine::with_stack(self.stack, || JsRuntime::try_new(options))
            .map_err(|error| Error::build(error.to_string()))?;
        let host_realm = runtime.main_context();
        let v8_isolate = runtime.v8_isolate();
        callbacks::install(v8_isolate);
        self.heap.watch(v8_isolate);
        v8_isolate.set_data(SLOT, Rc::as_ptr(self).cast_mut().cast::<c_void>());
        let watch = Watch::new(v8_isolate.thread_safe_handle());
        // SAFETY: the pointer is used only while `runtime` lives, on this thread: both are fields of `Live`.
        let raw = unsafe { v8_isolate.as_raw_isolate_ptr() };
        let contracts = self.hosts.iter().map(|host| (host.spec, host.ops)).collect::<Vec<_>>();
        let realm = Realm::new(v8_isolate, &host_realm, &contracts);
        if !leaks::UNCOUNTED_BUFFERS {
            self.buffers.limit(self.limits.buffers);
        }
        // SAFETY: deno_core entered the isolate when it made it; it is left here, and entered around each use.
        unsafe { v8_isolate.exit() };
        match realm {
            Ok(realm) => Ok(Live { realm, watch, raw, runtime }),
            Err(reason) => {
                drop_runtime(runtime, raw);
                Err(Error::build(reason))
            }
        }
    }

    fn extension(&self) -> Extension {
        let ops = self.hosts.iter().flat_map(|host| host.ops).map(HostOp::decl);
        #[cfg(feature = "canary")]
        let ops = ops.chain(crate::testing::canary::ops());
        let ops = ops.collect::<Vec<_>>();
        Extension { name: "sandbox", ops: ops.into(), ..Extension::default() }
    }

    fn create_params(&self) -> v8::CreateParams {
        let params = v8::CreateParams::default().heap_limits(0, self.limits.heap);
        let params = params.allow_atomics_wait(leaks::WAITS);
        self.buffers.serve(params)
    }

    /// The budget of one crossing.
    pub(crate) fn budget(&self) -> Budget {
        Budget::new(&self.limits, self.stack)
    }

    /// Memory of the host's for a buffer of the guest, within the limit of its buffers.
    pub(crate) fn store(&self, bytes: Vec<u8>) -> Option<v8::UniqueRef<v8::BackingStore>> {
        let bytes = match self.buffers.adopt(bytes) {
            Ok(store) => return Some(store),
            Err(bytes) => bytes,
        };
        // Buffers that the guest has dropped are paid back when they are collected.
        let (raw, _) = self.entrance().ok()?;
        // SAFETY: the isolate lives: this is a crossing.
        unsafe { v8::Isolate::from_raw_isolate_ptr(raw) }.low_memory_notification();
        self.buffers.adopt(bytes).ok()
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

    /// The host of a contract.
    fn entry<C: ?Sized + Contract>(&self) -> Option<&Host> {
        self.hosts.iter().find(|host| host.contract == TypeId::of::<C>())
    }

    /// The checks of a host method.
    fn checks<M: Method>(&self) -> Option<&MethodChecks> {
        self.entry::<M::Contract>()?.checks.methods.get(M::INDEX)
    }

    /// Keeps the error of a host method for as long as the call, to know it again when the guest lets it pass.
    fn remember(&self, exception: v8::Global<v8::Object>, source: Source) {
        /// A guest that catches errors in a loop must not fill the host's memory with them.
        const KEPT: usize = 16;
        let mut errors = self.host_errors.borrow_mut();
        let oldest = if errors.len() == KEPT { errors.pop_front() } else { None };
        errors.push_back((exception, source));
        drop(errors);
        run::drop_of_host(oldest);
    }

    /// The error of a host method that became this exception.
    fn source_of(
        &self,
        scope: &v8::PinScope<'_, '_>,
        exception: v8::Local<'_, v8::Object>,
    ) -> Option<Source> {
        let errors = self.host_errors.borrow();
        let known = errors.iter().rev().find(|(known, _)| v8::Local::new(scope, known) == exception);
        known.map(|(_, source)| source.clone())
    }

    /// Gives what conversions need of the guest's realm to `body`.
    #[cfg(feature = "quickjs")]
    pub(crate) fn with_intrinsics<R>(&self, body: impl FnOnce(&engine::Intrinsics) -> R) -> Option<R> {
        self.live.borrow().as_ref().map(|live| body(&live.realm.intrinsics))
    }

    pub(crate) fn is_root_prototype(
        &self,
        scope: &v8::PinScope<'_, '_>,
        object: v8::Local<'_, v8::Object>,
    ) -> bool {
        let root = self.live.borrow().as_ref().map(|live| v8::Local::new(scope, &live.realm.root_prototype));
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
    pub(crate) fn bind<C: ?Sized + GuestContract>(&self, exports: &Exports) -> Result<Binding, Error> {
        let checks = ContractChecks::of::<C>().map_err(Error::build)?;
        let methods = self.run(None, |scope| script::bind(self, scope, exports, &C::SPEC))?;
        Ok(Binding { methods, checks })
    }

    /// Calls a method of the guest.
    pub(crate) fn call<M: GuestMethod, A: Arguments>(
        &self,
        binding: &Binding,
        args: A,
    ) -> Result<M::Value, Error> {
        let place = place_of::<M>();
        let Some(method) = binding.method(M::INDEX) else {
            let export = M::spec().name;
            let problems = vec![crate::error::ExportProblem { export, found: None }];
            return Err(Error::Mismatch { contract: place.contract, script: String::new(), problems });
        };
        let (params, checks) = (M::spec().params, &binding.checks.methods[M::INDEX]);
        self.run(Some(place), |scope| {
            enforce(&args, params, checks).map_err(write_error::<M>)?;
            let budget = self.budget();
            let values = Vec::with_capacity(params.len());
            let mut writer = ArgumentWriter { scope, budget: &budget, params, values };
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
            let budget = self.budget();
            let read = to_host(scope, &budget, result);
            let read: Result<M::Value, ValueError> = read.map_err(|error| error.inside("result"));
            let read = read.and_then(|value| checks.returns.enforce(&value, "result").map(|()| value));
            if read.is_err() && scope.has_caught() {
                // A getter of the result threw, and that is what went wrong.
                return Err(self.thrown(scope, Some(place)));
            }
            let mut violations = || {
                v8::tc_scope!(let scope, scope);
                self.violations(scope, [(result, &checks.returns, "result")])
            };
            let read = match read {
                Err(error) if error.is_first_of_many() => Err(error.with(violations())),
                Ok(value) if budget.is_in_doubt() || checks.returns.is_read_constrained => {
                    ValueError::all(violations()).map_or(Ok(value), Err)
                }
                other => other,
            };
            read.map_err(|error| error.into_error(place, Direction::ToHost))
        })
    }

    /// All that is wrong with values, by the description of their types: they are read once more, and as plain data.
    fn violations<'s, 'c>(
        &self,
        scope: &v8::PinScope<'s, '_>,
        values: impl IntoIterator<Item = (v8::Local<'s, v8::Value>, &'c TypeCheck, &'c str)>,
    ) -> Vec<Violation> {
        let budget = self.budget();
        let mut found = Vec::new();
        for (value, check, name) in values {
            if self.is_ended() {
                break;
            }
            match observed(scope, &budget, value) {
                Ok(data) => found.extend(check.diagnose(&data, name)),
                Err(_) => break,
            }
        }
        found
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
        if let Some(Live { realm, watch, raw, runtime }) = live {
            drop((realm, watch));
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

#[cfg(test)]
mod tests {
    use super::run::Entered;
    use super::*;
    use crate::boundary::{Bytes, owned_to_guest};
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

    /// The guest's array is over the very memory that the host filled; QuickJS has to have a copy.
    #[test]
    fn bytes_are_moved_and_not_copied() {
        let limits = Limits::default();
        let isolate =
            Isolate::new(limits, Vec::new(), StackEnd::below_here(limits.stack)).expect("it can be built");
        let bytes = vec![7; 1 << 20];
        let memory = bytes.as_ptr();
        let moved = isolate.run(None, |scope| {
            let value =
                owned_to_guest(scope, &isolate.budget(), Bytes::from(bytes)).expect("it is in the budget");
            let view = value.try_cast::<v8::Uint8Array>().expect("a Uint8Array");
            let buffer = view.buffer(scope).expect("its buffer");
            assert_eq!((view.byte_length(), view.byte_offset()), (1 << 20, 0));
            Ok(buffer.data().map(|data| data.as_ptr().cast::<u8>().cast_const()))
        });
        let is_moved = moved.expect("it runs") == Some(memory);
        assert_eq!(is_moved, engine::Engine::CURRENT == engine::Engine::V8);
    }

    /// The realm that deno_core made has the ops as well, and no guest has that realm.
    #[test]
    fn host_methods_are_ops_of_an_extension() {
        let limits = Limits::default();
        let host = Host::new::<dyn Sum>(Box::new(Plus)).expect("it has no patterns");
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
        v8::scope_with_context!(let scope, live.runtime.v8_isolate(), &live.realm.context);
        assert_eq!(v8::Local::new(scope, value).to_rust_string_lossy(scope), "3ab");
    }
}
