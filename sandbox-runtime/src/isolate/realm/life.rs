//! Makes an isolate, and makes everything anew: heap, realm and bills.

use std::cell::Cell;
use std::ffi::c_void;
use std::rc::Rc;

use deno_core::v8;

use super::callbacks;
use crate::error::Error;
use crate::isolate::engine::raw::RawIsolate;
use crate::isolate::limits::{stack, watchdog};
use crate::isolate::state::host::Host;
use crate::isolate::state::host_handles::drop_each;
use crate::isolate::state::realm::Realm;
use crate::isolate::state::runtime::Runtime;
use crate::isolate::state::{Isolate, LiveIsolate, SLOT};
use crate::isolate::{disabled_defenses, engine};
use crate::observe::EndCause;
use crate::options::{Random, Settings};
use crate::stack::StackEnd;

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
        isolate.link().opens(&isolate);
        isolate.observed.iter().for_each(|observed| observed.sandbox_begins());
        Ok(isolate)
    }

    /// Makes everything anew: heap, realm and bills. Exports and bindings of before become invalid.
    pub(crate) fn reset(self: &Rc<Self>) -> Result<(), Error> {
        if self.is_running() {
            return Err(resets_itself());
        }
        self.observed.as_ref().map_or(Ok(()), |observed| observed.allows())?;
        stack::check_own().map_err(Error::build)?;
        let objects = self.close();
        self.observed.iter().for_each(|observed| observed.sandbox_ends(EndCause::Reset));
        self.flights.give_up();
        self.generation.set(self.generation.get() + 1);
        self.heap.reset();
        self.care.reset();
        self.realms.set(0);
        self.made.take();
        self.ledger.clear();
        let started = self.renewed();
        drop_each(objects);
        started
    }

    fn renewed(self: &Rc<Self>) -> Result<(), Error> {
        match self.start() {
            Ok(live) => {
                *self.live.borrow_mut() = Some(live);
                self.discarded.borrow_mut().take();
                self.observed.iter().for_each(|observed| observed.sandbox_begins());
                Ok(())
            }
            Err(error) => {
                *self.discarded.borrow_mut() = Some(error.clone());
                Err(error)
            }
        }
    }

    fn start(self: &Rc<Self>) -> Result<LiveIsolate, Error> {
        self.buffers.limit(engine::UNLIMITED);
        let make = || Runtime::new(self.create_params(), &self.hosts);
        let mut runtime = engine::with_stack(self.stack, make, Runtime::isolate).map_err(Error::build)?;
        let host_realm = runtime.host_realm();
        let v8_isolate = runtime.isolate();
        // SAFETY: the value and its copies are used only while `runtime` exists, and on this thread. Both are fields of
        // `LiveIsolate`. The drop of the runtime clears the copies of the heap's guard and of `stay_entered` before.
        let raw = unsafe { RawIsolate::new(v8_isolate.as_raw_isolate_ptr()) }
            .ok_or_else(|| Error::build("the engine made no isolate"))?;
        callbacks::install(v8_isolate, self.settings.wasm);
        self.heap.watch(v8_isolate, raw);
        engine::watch_collections(v8_isolate, self.heap.peak());
        engine::release_collected(v8_isolate, &self.buffers);
        engine::note_collections(v8_isolate, &self.care);
        #[cfg(feature = "process")]
        engine::watch_memory(v8_isolate);
        v8_isolate.set_data(SLOT, Rc::as_ptr(self).cast_mut().cast::<c_void>());
        let watch = watchdog::watch(v8_isolate.thread_safe_handle(), self.settings.exact_cpu);
        self.cancels.watches(watch.clone());
        let realm = {
            v8::scope!(let scope, v8_isolate);
            let of_host = host_realm.as_ref().map_or(Ok(()), |host_realm| {
                let context = v8::Local::new(scope, host_realm);
                super::keep_frames(&v8::ContextScope::new(scope, context))
            });
            of_host.and_then(|()| Realm::new(scope, self, host_realm.as_ref(), 0))
        };
        if !disabled_defenses::UNCOUNTED_BUFFERS {
            self.buffers.limit(self.settings.limits.buffers);
        }
        // SAFETY: an isolate is entered when it is made, and nothing was entered since. From here on, each use enters it.
        unsafe { raw.exit() };
        match realm {
            Ok(realm) => {
                let seed = if let Random::Seeded(seed) = self.settings.random { seed } else { 0 };
                let (realm, random) = (Rc::new(realm), Cell::new(seed));
                Ok(LiveIsolate { realm, watch, raw, random, runtime })
            }
            Err(reason) => {
                self.drop_runtime(runtime, raw);
                Err(Error::build(reason))
            }
        }
    }

    fn create_params(&self) -> v8::CreateParams {
        let params = v8::CreateParams::default().heap_limits(0, self.settings.limits.heap);
        let params = params.allow_atomics_wait(disabled_defenses::WAITS);
        self.buffers.serve(params)
    }
}

/// The error of a reset that would take the guest away for whose call it waits.
pub(crate) fn resets_itself() -> Error {
    Error::blocking(
        "a host method that a guest called cannot reset the sandbox of that guest: reset the sandbox after the call, or from \
         another thread",
    )
}
