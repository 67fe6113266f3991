//! One isolate of V8 on the thread that made it, with the realms of its guests.
//!
//! The sites and `process::child` own an [`Isolate`] and call it on its thread. This file makes, resets and discards
//! it. The submodules call guests (`calls`), answer their calls of the host (`ops`), make their realms (`realm`), run guest
//! code within limits (`run`, `limits`), and convert values (`values`).
//!
//! The isolate is entered for each use and exited after it. So several isolates can share a thread and be dropped in any
//! order. Callers reach it through a raw pointer, because a host method may call its guest again while a call is under
//! way further up on the stack.

pub(crate) mod calls;
#[cfg(all(feature = "testing", any(sandbox_canary, sandbox_leaky)))]
pub mod canary;
pub(crate) mod disabled_defenses;
pub(crate) mod engine;
#[cfg(feature = "deno_core")]
pub(crate) mod extension;
pub(crate) mod handle_table;
pub(crate) mod limits;
pub(crate) mod ops;
mod realm;
pub(crate) mod run;
pub(crate) mod shim;
mod state;
#[cfg(feature = "process")]
pub(crate) mod untyped_contract;
pub(crate) mod values;

pub(crate) use calls::{binding, flights, script};
use limits::exceeded;
pub(crate) use limits::{clock, cpu, heap, meter, stack, ticket, watchdog};
pub(crate) use ops::fast;
use ops::pending;
#[cfg(feature = "process")]
pub(crate) use ops::{host_dispatch, pending_host_call};
use realm::{callbacks, realms};
use run::entry;
pub(crate) use run::{conversion, thrown};
pub(crate) use state::{future_set, method_info};
use state::{host, returned, runtime};

use std::any::TypeId;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ffi::c_void;
use std::rc::Rc;
use std::sync::Arc;

use deno_core::v8;

use crate::boundary::Budget;
use crate::contract::Contract;
use crate::error::{DiscardCause, Error, Source};
use crate::options::{ConsoleOutput, Intrinsics, Random, Settings};
use crate::stack::StackEnd;
use exceeded::Exceeded;
use flights::Flights;
use heap::HeapGuard;
pub(crate) use host::Host;
use meter::{Meter, Running};
pub(crate) use realm::Realm;
use returned::Returned;
use run::Times;
use runtime::Runtime;
use watchdog::Watch;

/// The slot of V8 that holds a pointer to the [`Isolate`]; deno_core uses slot 0.
const SLOT: u32 = 1;

/// A scope that catches what the guest throws.
type Catch<'p, 't, 's, 'i> = v8::PinnedRef<'p, v8::TryCatch<'t, 's, v8::HandleScope<'i>>>;

/// An isolate and all that belongs to it.
pub(crate) struct Isolate {
    pub(crate) settings: Settings,
    times: Times,
    hosts: Vec<Host>,
    stack: StackEnd,
    heap: HeapGuard,
    buffers: engine::Buffers,
    /// The number of calls under way on the stack.
    depth: Cell<usize>,
    /// The number of resets.
    generation: Cell<u64>,
    /// A nested call was ended, so the outer call must be ended too.
    ended_inside: Cell<bool>,
    /// A call that was ended left microtasks that cannot be dropped.
    has_leftovers: Cell<bool>,
    /// The limit of host calls that the guest exceeded.
    exceeded: Cell<Option<Exceeded>>,
    running: Rc<Running>,
    /// The result of the newest fast call.
    returned: Returned,
    flights: Flights,
    /// The turn ends at a deadline of its caller, and not at the limit.
    by_caller: Cell<bool>,
    /// The state of the seeded random numbers.
    random: Cell<u64>,
    /// Errors of host methods: the exception that the guest has, and the host's error.
    host_errors: RefCell<VecDeque<(v8::Global<v8::Object>, Source)>>,
    /// The realm whose code the innermost call runs.
    current: RefCell<Option<Rc<Realm>>>,
    live: RefCell<Option<LiveIsolate>>,
    /// Why `live` is empty.
    discarded: RefCell<Option<Error>>,
    /// The pending host methods of a runtime of the application. `None` in a sandbox, whose flights have them.
    #[cfg(feature = "deno_core")]
    event_loop: Option<Rc<pending::EventLoop>>,
}

/// The parts that exist as long as the V8 isolate does.
struct LiveIsolate {
    /// The realm that the sandbox began with.
    realm: Rc<Realm>,
    watch: Arc<Watch>,
    raw: v8::UnsafeRawIsolatePtr,
    runtime: Runtime,
}

impl Settings {
    /// Refuses settings that no sandbox can be built with.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.limits.check()?;
        engine::check(self)
    }
}

impl Isolate {
    /// Makes an isolate on this thread, whose guests' stack ends at `stack`.
    pub(crate) fn new(settings: Settings, hosts: Vec<Host>, stack: StackEnd) -> Result<Rc<Self>, Error> {
        engine::start();
        watchdog::start().map_err(Error::build)?;
        let isolate = Rc::new(Self::without_engine(settings, hosts, stack));
        let live = isolate.start()?;
        *isolate.live.borrow_mut() = Some(live);
        Ok(isolate)
    }

    /// The state of an isolate that has no engine yet, or that answers the calls of an engine's isolate of the application.
    fn without_engine(settings: Settings, hosts: Vec<Host>, stack: StackEnd) -> Self {
        let heap = HeapGuard::default();
        Self {
            times: Times::of(&settings.limits),
            settings,
            hosts,
            stack,
            buffers: engine::Buffers::new(heap.no_buffer()),
            heap,
            depth: Cell::new(0),
            generation: Cell::new(0),
            ended_inside: Cell::new(false),
            has_leftovers: Cell::new(false),
            exceeded: Cell::new(None),
            running: Rc::default(),
            returned: Returned::default(),
            flights: Flights::default(),
            by_caller: Cell::default(),
            random: Cell::default(),
            host_errors: RefCell::default(),
            current: RefCell::default(),
            live: RefCell::default(),
            discarded: RefCell::default(),
            #[cfg(feature = "deno_core")]
            event_loop: None,
        }
    }

    /// Makes everything anew: heap, realm and bills. Exports and bindings of before become invalid.
    pub(crate) fn reset(self: &Rc<Self>) -> Result<(), Error> {
        if self.depth.get() > 0 {
            return Err(resets_itself());
        }
        stack::check_own().map_err(Error::build)?;
        self.close();
        self.flights.give_up();
        self.generation.set(self.generation.get() + 1);
        self.heap.reset();
        self.has_leftovers.set(false);
        self.running.meter.clear();
        match self.start() {
            Ok(live) => {
                *self.live.borrow_mut() = Some(live);
                self.discarded.borrow_mut().take();
                Ok(())
            }
            Err(error) => {
                *self.discarded.borrow_mut() = Some(error.clone());
                Err(error)
            }
        }
    }

    /// Whether the isolate can be called.
    pub(crate) fn is_live(&self) -> bool {
        self.live.borrow().is_some()
    }

    /// Whether a call is under way, or in flight.
    pub(crate) fn is_busy(&self) -> bool {
        self.is_running() || !self.flights.is_empty()
    }

    /// The memory of heap and buffers, in bytes. The figure is the memory that the engine has reserved, which is more than
    /// guests use.
    pub(crate) fn memory(&self) -> usize {
        let Some(live) = &*self.live.borrow() else { return 0 };
        // SAFETY: `raw` belongs to `live`, and statistics are counters.
        let mut isolate = unsafe { v8::Isolate::from_raw_isolate_ptr(live.raw) };
        isolate.get_heap_statistics().total_heap_size() + self.buffers.used()
    }

    /// The bills, which any thread may read.
    pub(crate) fn meter(&self) -> Arc<Meter> {
        self.running.meter.meter()
    }

    /// Takes the captured output of the console.
    pub(crate) fn take_console(&self) -> ConsoleOutput {
        self.settings.captured.take()
    }

    /// Refuses exports and bindings of a generation before the last reset: their heap is gone.
    #[inline]
    fn is_of_this_life(&self, generation: u64) -> Result<(), Error> {
        match generation == self.generation.get() {
            true => Ok(()),
            false => Err(Error::discarded(DiscardCause::Reset)),
        }
    }

    fn start(self: &Rc<Self>) -> Result<LiveIsolate, Error> {
        self.buffers.limit(engine::UNLIMITED);
        let make = || Runtime::new(self.create_params(), &self.hosts);
        let mut runtime = engine::with_stack(self.stack, make).map_err(Error::build)?;
        let host_realm = runtime.host_realm();
        let v8_isolate = runtime.isolate();
        callbacks::install(v8_isolate, self.settings.wasm);
        self.heap.watch(v8_isolate);
        engine::watch_collections(v8_isolate, &self.running);
        #[cfg(feature = "process")]
        engine::watch_memory(v8_isolate);
        if let Random::Seeded(seed) = self.settings.random {
            self.random.set(seed);
        }
        v8_isolate.set_data(SLOT, Rc::as_ptr(self).cast_mut().cast::<c_void>());
        let watch = Watch::new(v8_isolate.thread_safe_handle(), self.settings.exact_cpu);
        // SAFETY: the pointer is used only while `runtime` exists, on this thread: both are fields of `LiveIsolate`.
        let raw = unsafe { v8_isolate.as_raw_isolate_ptr() };
        let realm = {
            v8::scope!(let scope, v8_isolate);
            let of_host = host_realm.as_ref().map_or(Ok(()), |host_realm| {
                let context = v8::Local::new(scope, host_realm);
                realm::keep_frames(&v8::ContextScope::new(scope, context))
            });
            of_host.and_then(|()| Realm::new(scope, &self.realm_parts(host_realm.as_ref())))
        };
        if !disabled_defenses::UNCOUNTED_BUFFERS {
            self.buffers.limit(self.settings.limits.buffers);
        }
        // SAFETY: an isolate is entered when it is made. From here on, each use enters it.
        unsafe { v8_isolate.exit() };
        match realm {
            Ok(realm) => Ok(LiveIsolate { realm: Rc::new(realm), watch, raw, runtime }),
            Err(reason) => {
                drop_runtime(runtime, raw);
                Err(Error::build(reason))
            }
        }
    }

    fn create_params(&self) -> v8::CreateParams {
        let params = v8::CreateParams::default().heap_limits(0, self.settings.limits.heap);
        let params = params.allow_atomics_wait(disabled_defenses::WAITS);
        self.buffers.serve(params)
    }

    /// The budget of one crossing.
    #[inline]
    pub(crate) fn budget(&self) -> Budget<'_> {
        Budget::new(&self.settings.limits, self.stack)
    }

    /// Whether guests cannot change what ECMAScript defines.
    fn is_frozen(&self) -> bool {
        self.settings.intrinsics == Intrinsics::Frozen
    }

    /// A buffer of the guest over memory of the host, within the limit of buffers; `None` beyond the limit.
    pub(crate) fn store(&self, bytes: Vec<u8>) -> Option<v8::UniqueRef<v8::BackingStore>> {
        let bytes = match self.buffers.adopt(bytes) {
            Ok(store) => return Some(store),
            Err(bytes) => bytes,
        };
        // The memory of buffers that the guest has dropped is counted until they are collected.
        let raw = self.entrance().ok()?.raw;
        // SAFETY: the isolate exists, because this is a crossing.
        unsafe { v8::Isolate::from_raw_isolate_ptr(raw) }.low_memory_notification();
        self.buffers.adopt(bytes).ok()
    }

    /// Where the guest's stack ends.
    #[inline]
    pub(crate) fn stack(&self) -> StackEnd {
        self.stack
    }

    /// The isolate that a scope is of.
    pub(crate) fn current<'r>(scope: &'r v8::PinScope<'_, '_>) -> Option<&'r Self> {
        Self::of(scope)
    }

    pub(crate) fn of(isolate: &v8::Isolate) -> Option<&Self> {
        let pointer = isolate.get_data(SLOT).cast::<Self>();
        // SAFETY: null, or set by `start` to an `Rc` that owns the V8 isolate. V8 is running, so a caller up the stack
        // holds that `Rc`.
        unsafe { pointer.as_ref() }
    }

    /// The host of a contract.
    #[inline]
    fn host_of(&self, contract: TypeId) -> Option<&Host> {
        self.hosts.iter().find(|host| host.contract == contract)
    }

    /// The host's implementation of a contract.
    #[inline]
    fn implementation<C: ?Sized + Contract>(&self) -> Option<&C> {
        self.host_of(TypeId::of::<C>()).map(Host::object::<C>)
    }

    /// Keeps the error of a host method for the duration of the call. When the guest does not catch the exception, the
    /// caller gets that error.
    fn remember(&self, exception: v8::Global<v8::Object>, source: Source) {
        /// A guest that catches errors in a loop must not fill the host's memory with them.
        const KEPT: usize = 16;
        let mut errors = self.host_errors.borrow_mut();
        let oldest = if errors.len() == KEPT { errors.pop_front() } else { None };
        errors.push_back((exception, source));
        drop(errors);
        crate::panic::drop_of_host(oldest);
    }

    /// The error of a host method whose exception this is.
    fn source_of(
        &self,
        scope: &v8::PinScope<'_, '_>,
        exception: v8::Local<'_, v8::Object>,
    ) -> Option<Source> {
        let errors = self.host_errors.borrow();
        let known = errors.iter().rev().find(|(known, _)| v8::Local::new(scope, known) == exception);
        known.map(|(_, source)| source.clone())
    }

    /// Passes the captured functions of the guest's realm to `body`.
    #[cfg(feature = "quickjs")]
    pub(crate) fn with_intrinsics<R>(&self, body: impl FnOnce(&engine::EngineIntrinsics) -> R) -> Option<R> {
        self.current.borrow().as_ref().map(|realm| body(&realm.intrinsics))
    }

    /// The realm whose code the innermost call runs.
    pub(crate) fn current_realm(&self) -> Option<Rc<Realm>> {
        self.current.borrow().clone()
    }

    pub(crate) fn is_root_prototype(
        &self,
        scope: &v8::PinScope<'_, '_>,
        object: v8::Local<'_, v8::Object>,
    ) -> bool {
        let root = self.current.borrow().as_ref().map(|realm| v8::Local::new(scope, &realm.root_prototype));
        root.is_some_and(|root| root == object)
    }

    fn discarded_error(&self) -> Error {
        let fault = self.discarded.borrow().clone();
        fault.map_or_else(|| Error::discarded(DiscardCause::Closed), Error::after)
    }

    /// Discards the isolate and frees its memory. Later calls get `cause`.
    fn discard(&self, cause: Error) {
        *self.discarded.borrow_mut() = Some(cause);
        self.close();
        self.flights.wake_all();
    }

    fn close(&self) {
        let live = self.live.borrow_mut().take();
        if let Some(LiveIsolate { realm, watch, raw, runtime, .. }) = live {
            drop((realm, watch));
            drop_runtime(runtime, raw);
        }
    }
}

/// The error of a reset that would take the guest away for whose call it waits.
pub(crate) fn resets_itself() -> Error {
    Error::blocking(
        "a host method that a guest called cannot reset the sandbox of that guest: reset the sandbox after the call, or from \
         another thread",
    )
}

impl Drop for Isolate {
    fn drop(&mut self) {
        self.close();
    }
}

/// Drops a runtime whose isolate is not entered. The drop of a runtime expects an entered isolate.
fn drop_runtime(runtime: Runtime, raw: v8::UnsafeRawIsolatePtr) {
    engine::leave_entered(raw);
    // SAFETY: the isolate exists until `runtime` is dropped, which exits it.
    unsafe { v8::Isolate::from_raw_isolate_ptr(raw).enter() };
    drop(runtime);
}

#[cfg(test)]
mod tests;
