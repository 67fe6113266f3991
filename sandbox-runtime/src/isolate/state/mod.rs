//! The state of an isolate, as types that know nothing of their users.
//!
//! The folders above use [`Isolate`], and add functions to it. The files beside this one are the parts that it consists of.

pub(crate) mod abortable;
pub(in crate::isolate) mod aborts;
pub(crate) mod binding;
pub(in crate::isolate) mod call_tree;
pub(crate) mod data_host;
mod ends;
pub(crate) mod flight;
pub(crate) mod future_set;
pub(crate) mod guest_objects;
pub(in crate::isolate) mod guest_streams;
pub(in crate::isolate) mod handle_shims;
pub(crate) mod host;
pub(crate) mod host_handles;
pub(crate) mod isolate_link;
#[cfg(feature = "process")]
pub(crate) mod link_objects;
pub(in crate::isolate) mod maps;
pub(crate) mod method_info;
pub(in crate::isolate) mod modules;
pub(crate) mod observed;
pub(crate) mod op;
pub(crate) mod pending;
#[cfg(feature = "process")]
pub(crate) mod plain_op;
pub(crate) mod realm;
pub(crate) mod refusal;
pub(crate) mod returned;
pub(crate) mod runtime;
mod scoped;
pub(in crate::isolate) mod signals;
pub(crate) mod struct_shapes;

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use deno_core::v8;

use crate::boundary::Budget;
use crate::error::{DiscardCause, Error, Source};
use crate::isolate::engine;
use crate::isolate::engine::care::Care;
use crate::isolate::engine::compile::Programs;
use crate::isolate::engine::raw::RawIsolate;
use crate::isolate::limits::call::CallSlot;
use crate::isolate::limits::cancels::Cancels;
use crate::isolate::limits::heap::HeapGuard;
use crate::isolate::limits::meter::{Ledger, Meter};
use crate::isolate::limits::pause::Pauses;
use crate::isolate::limits::times::Times;
use crate::isolate::limits::watch::Watch;
use crate::observe::EndCause;
use crate::options::{ConsoleOutput, Intrinsics, Settings};
use crate::panic::drop_of_host;
use crate::stack::StackEnd;
use aborts::Aborts;
use flight::{Flight, Flights};
use guest_objects::GuestObjects;
use host::Host;
use host_handles::{HostHandles, drop_each};
use observed::Observed;
use realm::Realm;
use returned::Returned;
use runtime::Runtime;
#[cfg(feature = "process")]
use {
    data_host::RemoteObjects,
    host_handles::PinnedObjects,
    link_objects::{LinkObject, LinkObjects},
};

/// The slot of V8 that holds a pointer to the [`Isolate`]; deno_core uses slot 0.
pub(in crate::isolate) const SLOT: u32 = 1;

/// A scope that catches what the guest throws.
pub(crate) type Catch<'p, 't, 's, 'i> = v8::PinnedRef<'p, v8::TryCatch<'t, 's, v8::HandleScope<'i>>>;

/// An isolate and all that belongs to it.
///
/// The fields live as long as the sandbox. [`LiveIsolate`] has what lives as long as the heap, and [`CallSlot`] what lives as
/// long as a call.
pub(crate) struct Isolate {
    pub(crate) settings: Settings,
    pub(in crate::isolate) times: Times,
    pub(in crate::isolate) hosts: Vec<Host>,
    /// The objects of the host that guests hold.
    pub(in crate::isolate) handles: HostHandles,
    /// The objects of guests that the host holds.
    pub(in crate::isolate) objects: GuestObjects,
    /// The objects of guests that crossed a link.
    #[cfg(feature = "process")]
    pub(in crate::isolate) given: LinkObjects<Realm>,
    pub(in crate::isolate) stack: StackEnd,
    pub(in crate::isolate) heap: HeapGuard,
    pub(in crate::isolate) buffers: engine::Buffers,
    /// The number of calls under way on the stack.
    pub(in crate::isolate) depth: Cell<usize>,
    /// The number of resets.
    pub(in crate::isolate) generation: Cell<u64>,
    /// Why the end of a call has more to do than usual.
    pub(in crate::isolate) care: Care,
    /// The bills of all calls.
    pub(in crate::isolate) ledger: Ledger,
    /// The state that lives as long as a call.
    pub(in crate::isolate) call: Rc<CallSlot>,
    /// The result of the newest fast call.
    pub(in crate::isolate) returned: Returned,
    pub(in crate::isolate) flights: Flights,
    /// The host calls that signals of guests can end.
    pub(in crate::isolate) aborts: Rc<Aborts>,
    /// The pauses of the watchdog, which may be kept longer than a call.
    pub(in crate::isolate) pauses: Cell<Pauses>,
    /// Errors of host methods: the exception that the guest has, and the host's error.
    pub(in crate::isolate) host_errors: RefCell<VecDeque<(v8::Global<v8::Object>, Source)>>,
    /// The realm whose code the innermost call runs.
    pub(in crate::isolate) current: RefCell<Option<Rc<Realm>>>,
    pub(in crate::isolate) live: RefCell<Option<LiveIsolate>>,
    /// The code of the runtime's programs, for further realms.
    pub(in crate::isolate) programs: Programs,
    /// Cancels the calls of the isolate, for any thread.
    pub(crate) cancels: Arc<Cancels>,
    /// The number of realms that were asked for, beside the first one.
    pub(in crate::isolate) realms: Cell<u64>,
    /// The realms among them that are not dropped.
    pub(in crate::isolate) made: RefCell<Vec<Weak<Realm>>>,
    /// The first line of a stack whose text the host asks for. The host has read the name and the message, once.
    pub(in crate::isolate) told_header: RefCell<Option<String>>,
    /// The observers, if there are any.
    pub(in crate::isolate) observed: Option<Rc<Observed>>,
    /// Why `live` is empty, or will be when the call under way is over.
    pub(in crate::isolate) discarded: RefCell<Option<Error>>,
    /// The pending host methods of a runtime of the application. `None` in a sandbox, whose flights have them.
    #[cfg(feature = "deno_core")]
    pub(in crate::isolate) event_loop: Option<Rc<pending::EventLoop>>,
}

/// The state that lives as long as the heap: what a reset makes anew, and a discarded sandbox does not have.
pub(in crate::isolate) struct LiveIsolate {
    /// The realm that the sandbox began with.
    pub(in crate::isolate) realm: Rc<Realm>,
    pub(in crate::isolate) watch: Arc<Watch>,
    pub(in crate::isolate) raw: RawIsolate,
    /// The state of the seeded random numbers.
    pub(in crate::isolate) random: Cell<u64>,
    pub(in crate::isolate) runtime: Runtime,
}

impl Isolate {
    /// The state of an isolate that has no engine yet, or that answers the calls of an engine's isolate of the application.
    pub(in crate::isolate) fn without_engine(settings: Settings, hosts: Vec<Host>, stack: StackEnd) -> Self {
        let heap = HeapGuard::default();
        let teller = settings.observers.teller();
        let cancels = Cancels::new(teller.clone());
        let observed = teller.map(|teller| Rc::new(Observed::new(teller)));
        Self {
            times: Times::of(&settings.limits),
            settings,
            hosts,
            handles: HostHandles::default(),
            objects: GuestObjects::new(),
            #[cfg(feature = "process")]
            given: LinkObjects::default(),
            stack,
            buffers: engine::Buffers::new(heap.no_buffer()),
            heap,
            depth: Cell::new(0),
            generation: Cell::new(0),
            care: Care::new(observed.is_some()),
            ledger: Ledger::default(),
            call: Rc::default(),
            returned: Returned::default(),
            flights: Flights::default(),
            aborts: Rc::default(),
            pauses: Cell::default(),
            host_errors: RefCell::default(),
            current: RefCell::default(),
            live: RefCell::default(),
            programs: Programs::default(),
            cancels,
            realms: Cell::default(),
            made: RefCell::default(),
            told_header: RefCell::default(),
            observed,
            discarded: RefCell::default(),
            #[cfg(feature = "deno_core")]
            event_loop: None,
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
        live.raw.total_heap() + self.buffers.used()
    }

    /// The bills, which any thread may read.
    pub(crate) fn meter(&self) -> Arc<Meter> {
        self.ledger.meter()
    }

    /// Takes the captured output of the console.
    pub(crate) fn take_console(&self) -> ConsoleOutput {
        self.settings.captured.take()
    }

    /// Refuses exports and bindings of a generation before the last reset: their heap is gone.
    #[inline]
    pub(in crate::isolate) fn is_of_this_life(&self, generation: u64) -> Result<(), Error> {
        match generation == self.generation.get() {
            true => Ok(()),
            false => Err(Error::discarded(DiscardCause::Reset)),
        }
    }

    /// The budget of one crossing.
    #[inline]
    pub(crate) fn budget(&self) -> Budget<'_> {
        Budget::new(&self.settings.limits, self.stack)
    }

    /// Whether guests cannot change what ECMAScript defines.
    pub(in crate::isolate) fn is_frozen(&self) -> bool {
        self.settings.intrinsics == Intrinsics::Frozen
    }

    /// A buffer of the guest over memory of the host, within the limit of buffers; `None` beyond the limit.
    pub(crate) fn store(&self, bytes: Vec<u8>) -> Option<v8::UniqueRef<v8::BackingStore>> {
        let mut bytes = Some(bytes);
        self.with_room(|buffers| match buffers.adopt(bytes.take()?) {
            Ok(store) => Some(store),
            Err(refused) => {
                bytes = Some(refused);
                None
            }
        })
    }

    /// Takes memory for buffers with `take`, and again after a collection when there was none. The memory of buffers that the
    /// guest has dropped is counted until they are collected.
    pub(in crate::isolate) fn with_room<R>(
        &self,
        mut take: impl FnMut(&engine::Buffers) -> Option<R>,
    ) -> Option<R> {
        take(&self.buffers).or_else(|| {
            let raw = self.entrance().ok()?.raw;
            raw.low_memory();
            take(&self.buffers)
        })
    }

    /// Collects the buffers that a stream has left behind, when they are many beside the heap. A stream calls this for each batch
    /// that has buffers.
    pub(in crate::isolate) fn pace_buffers(&self) {
        /// The bytes that a stream leaves behind between two collections, at the least.
        const STEP: usize = 2 << 20;
        if self.buffers.grew_by(STEP)
            && let Ok(entrance) = self.entrance()
            && self.buffers.grew_by(STEP.max(entrance.raw.used_heap() / 8))
        {
            entrance.raw.with(|isolate| self.buffers.collect(isolate));
        }
    }

    /// Where the guest's stack ends.
    #[inline]
    pub(crate) fn stack(&self) -> StackEnd {
        self.stack
    }

    /// The flight that the running code belongs to, unless it is over.
    pub(in crate::isolate) fn current_flight(&self, scope: &v8::PinScope<'_, '_>) -> Option<Rc<Flight>> {
        self.flights.current(scope, self.call.number())
    }

    /// The isolate that a scope is of.
    pub(crate) fn current<'r>(scope: &'r v8::PinScope<'_, '_>) -> Option<&'r Self> {
        let pointer = scope.get_data(SLOT).cast::<Self>();
        // SAFETY: null, or set by `start` to an `Rc` that owns the V8 isolate. V8 is running, so a caller up the stack
        // holds that `Rc`.
        unsafe { pointer.as_ref() }
    }

    /// Keeps the error of a host method for the duration of the call. When the guest does not catch the exception, the
    /// caller gets that error.
    pub(in crate::isolate) fn remember(&self, exception: v8::Global<v8::Object>, source: Source) {
        /// A guest that catches errors in a loop must not fill the host's memory with them.
        const KEPT: usize = 16;
        let mut errors = self.host_errors.borrow_mut();
        let oldest = if errors.len() == KEPT { errors.pop_front() } else { None };
        errors.push_back((exception, source));
        drop(errors);
        drop_of_host(oldest);
    }

    /// The error of a host method whose exception this is.
    pub(in crate::isolate) fn source_of(
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
    pub(crate) fn with_intrinsics<R>(
        &self,
        scope: &v8::PinScope<'_, '_>,
        body: impl FnOnce(&engine::EngineIntrinsics) -> R,
    ) -> Option<R> {
        self.current_realm(scope).map(|realm| body(&realm.intrinsics))
    }

    /// The realm of the scope's context. A microtask can belong to another realm than that of the innermost call, which runs it.
    pub(crate) fn current_realm(&self, scope: &v8::PinScope<'_, '_>) -> Option<Rc<Realm>> {
        let current = self.current.borrow().clone()?;
        if self.realms.get() == 0 {
            return Some(current);
        }
        let context = scope.get_current_context();
        let is_its = |realm: &Rc<Realm>| v8::Local::new(scope, &realm.context) == context;
        if is_its(&current) {
            return Some(current);
        }
        let made = self.made.borrow();
        made.iter().filter_map(Weak::upgrade).chain(self.main_realm().ok()).find(is_its)
    }

    pub(crate) fn is_root_prototype(
        &self,
        scope: &v8::PinScope<'_, '_>,
        object: v8::Local<'_, v8::Object>,
    ) -> bool {
        self.current_realm(scope).is_some_and(|realm| v8::Local::new(scope, &realm.root_prototype) == object)
    }

    pub(in crate::isolate) fn discarded_error(&self) -> Error {
        let fault = self.discarded.borrow().clone();
        fault.map_or_else(|| Error::discarded(DiscardCause::Closed), Error::after)
    }

    /// Discards the isolate and frees its memory. Later calls get `cause`.
    pub(in crate::isolate) fn discard(&self, cause: Error) {
        let objects = self.close();
        self.observed.iter().for_each(|observed| observed.sandbox_ends(EndCause::Fault(&cause)));
        *self.discarded.borrow_mut() = Some(cause);
        self.flights.wake_all();
        drop_each(objects);
    }

    /// The objects of the host are at the other end of a link.
    #[cfg(feature = "process")]
    pub(crate) fn has_remote_objects(&self, remote: Rc<dyn RemoteObjects>) {
        self.handles.are_remote(remote);
    }

    /// Guests get handles of a contract, which is at the other end of a link.
    #[cfg(feature = "process")]
    pub(crate) fn announce(&self, contract: Host) {
        self.handles.announce(contract);
    }

    /// Keeps the objects that the guests' values name from here on, until the result is dropped.
    #[cfg(feature = "process")]
    pub(crate) fn pin(&self) -> PinnedObjects {
        self.handles.pin()
    }

    /// The object of a guest that crossed a link with this number.
    #[cfg(feature = "process")]
    pub(crate) fn link_object(&self, number: u64) -> Option<Rc<LinkObject<Realm>>> {
        self.given.object(number)
    }

    /// Ends crossings of objects. Returns the numbers of the bindings that are over.
    #[cfg(feature = "process")]
    pub(crate) fn release_crossings(&self, crossings: impl Iterator<Item = u64>) -> Vec<u64> {
        self.given.release(crossings)
    }

    /// Ends the heap. The caller drops the objects of the host that guests held, where code of the host can run.
    #[must_use = "the drop of an object is code of the host"]
    pub(in crate::isolate) fn close(&self) -> Vec<Rc<dyn Any>> {
        let Some(live) = self.live.borrow_mut().take() else { return Vec::new() };
        let LiveIsolate { realm, watch, raw, runtime, .. } = live;
        // Weak handles of the engine end before it.
        let objects = self.handles.clear();
        self.objects.clear();
        #[cfg(feature = "process")]
        self.given.clear();
        drop((realm, watch));
        self.drop_runtime(runtime, raw);
        objects
    }

    /// Drops a runtime whose isolate is not entered, and lets go of what belongs to its heap. The drop of a runtime expects an
    /// entered isolate, and exits it.
    pub(in crate::isolate) fn drop_runtime(&self, runtime: Runtime, raw: RawIsolate) {
        self.heap.forget();
        self.programs.clear();
        engine::leave_entered(raw);
        raw.enter();
        drop(runtime);
        self.buffers.release();
    }

    /// The realm that the sandbox began with.
    pub(crate) fn main_realm(&self) -> Result<Rc<Realm>, Error> {
        self.entrance().map(|live| live.realm.clone())
    }
}

impl Drop for Isolate {
    fn drop(&mut self) {
        let objects = self.close();
        self.objects.link.closes();
        self.observed.iter().for_each(|observed| observed.sandbox_ends(EndCause::Closed));
        drop_each(objects);
    }
}
