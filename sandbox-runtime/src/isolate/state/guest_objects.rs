//! Objects of guests that the host holds: for each, the functions that implement its contract, and the host's proxy.
//!
//! The table does not keep the proxy. An entry ends when the last `Arc` of the proxy is dropped, and with the heap.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use deno_core::v8;
use sandbox_core::contract::ContractSpec;

use super::Isolate;
use super::binding::Binding;
use super::guest_streams::EndedStreams;
use super::isolate_link::{IsolateLink, ObjectKey, ObjectTransport};
use super::realm::Realm;
use super::scoped::ScopedHandles;
use crate::error::{DiscardCause, Error};
use crate::isolate::engine::care::Cause;
use crate::isolate::handle_table::KeyedTable;
use crate::schema::ContractChecks;
use crate::value::handle::WeakObject;

/// The parts that an engine has of a contract whose objects guests give.
#[derive(Clone, Copy)]
pub(crate) struct GuestParts {
    pub(in crate::isolate) spec: &'static ContractSpec,
    pub(in crate::isolate) checks: fn() -> Result<Arc<ContractChecks>, Error>,
    pub(in crate::isolate) make: fn(ObjectTransport) -> Option<Proxy>,
}

/// The host's proxy of an object.
pub(crate) struct Proxy {
    /// An `Arc<C>` of the contract.
    pub(in crate::isolate) object: Rc<dyn Any>,
    /// The object without keeping it.
    weak: Box<dyn WeakObject>,
    /// The address of what the `Arc` holds.
    address: usize,
}

#[cfg(feature = "process")]
impl GuestParts {
    pub(crate) fn spec(&self) -> &'static ContractSpec {
        self.spec
    }

    pub(crate) fn checks(&self) -> Result<Arc<ContractChecks>, Error> {
        (self.checks)()
    }

    pub(crate) fn proxy(&self, transport: ObjectTransport) -> Option<Proxy> {
        (self.make)(transport)
    }
}

impl Proxy {
    /// The proxy's `Arc`, and the address of what the `Arc` holds.
    #[cfg(feature = "process")]
    pub(crate) fn into_parts(self) -> (Rc<dyn Any>, usize) {
        (self.object, self.address)
    }

    pub(in crate::isolate) fn new<C: ?Sized + 'static>(object: Arc<C>) -> Self {
        let address = Arc::as_ptr(&object).cast::<()>().addr();
        let weak = Box::new(Arc::downgrade(&object));
        Self { object: Rc::new(object), weak, address }
    }
}

struct GivenObject {
    object: v8::Global<v8::Object>,
    binding: Rc<Binding>,
    proxy: Box<dyn WeakObject>,
    is_stream: bool,
}

/// The objects of an isolate's guests that the host holds.
pub(in crate::isolate) struct GuestObjects {
    pub(in crate::isolate) link: Arc<IsolateLink>,
    /// By the contract, and the address of the proxy.
    entries: RefCell<KeyedTable<(TypeId, usize), GivenObject>>,
    /// Streams that the host has dropped.
    pub(super) ended: EndedStreams,
    scoped: ScopedHandles,
}

impl GuestObjects {
    pub(super) fn new() -> Self {
        let (ended, scoped) = (EndedStreams::default(), ScopedHandles::default());
        Self { link: IsolateLink::new(), entries: RefCell::default(), ended, scoped }
    }

    /// How many objects the host holds, with the streams whose guests were not told of the end.
    pub(in crate::isolate) fn count(&self) -> usize {
        self.entries.borrow().len() + self.ended.count()
    }

    /// A transport to the next object of a realm, which has these methods.
    pub(in crate::isolate) fn transport(&self, realm: &Realm, has: &[bool]) -> ObjectTransport {
        let Realm { number: realm, generation, .. } = *realm;
        let number = self.entries.borrow_mut().take_number();
        let has = has.contains(&false).then(|| has.into());
        let is_over = AtomicBool::new(false);
        ObjectTransport { link: self.link.clone(), number, realm, generation, has, is_over }
    }

    /// Keeps an object for as long as its proxy lives, and no longer than `call`. Returns the proxy's `Arc`.
    pub(in crate::isolate) fn keep(
        &self,
        (number, call): (u64, Option<u64>),
        object: v8::Global<v8::Object>,
        binding: Binding,
        (contract, proxy): (TypeId, Proxy),
        is_stream: bool,
    ) -> Rc<dyn Any> {
        self.scoped.begins(number, call);
        let entry = GivenObject { object, binding: Rc::new(binding), proxy: proxy.weak, is_stream };
        // The proxy of before was dropped, and the isolate had no turn since.
        let before = self.entries.borrow_mut().insert(number, (contract, proxy.address), entry);
        drop(before);
        proxy.object
    }

    /// The proxy of the object with this number, if the host holds the proxy. `call` is the call with which the crossing ends.
    pub(in crate::isolate) fn proxy(
        &self,
        number: u64,
        contract: TypeId,
        call: Option<u64>,
    ) -> Option<Rc<dyn Any>> {
        let entries = self.entries.borrow();
        let (_, entry) = entries.get(number).filter(|(key, _)| key.0 == contract)?;
        let proxy = entry.proxy.upgrade()?;
        self.scoped.crosses_again(number, call);
        Some(proxy)
    }

    /// The guest's object behind a proxy, with the number of its realm; `None` for an object that the host made. A stream goes
    /// back as one of the host, for its items may have been taken.
    pub(in crate::isolate) fn behind<'s>(
        &self,
        scope: &v8::PinScope<'s, '_>,
        contract: TypeId,
        address: usize,
    ) -> Option<(v8::Local<'s, v8::Object>, u64)> {
        let entries = self.entries.borrow();
        let (_, entry) = entries.get(entries.number((contract, address))?)?;
        // Memory of a proxy that was dropped may be that of another object now.
        entry.proxy.upgrade().filter(|_| !entry.is_stream)?;
        Some((v8::Local::new(scope, &entry.object), entry.binding.realm.number))
    }

    /// Ends the objects that end with a call. Returns whether others end with other calls.
    pub(in crate::isolate) fn end_scoped(&self, call: u64) -> bool {
        self.scoped.end(call).into_iter().for_each(|number| self.end(number, false));
        !self.scoped.is_empty()
    }

    /// Ends an object, whose proxy is gone. The guest of a stream that is not over has to be told.
    pub(super) fn end(&self, number: u64, is_over: bool) {
        self.scoped.forget(number);
        let ended = self.entries.borrow_mut().remove(number);
        if let Some(stream) = ended.filter(|ended| ended.is_stream && !is_over) {
            self.ended.push(stream.binding);
        }
    }

    /// Ends the objects whose proxies were dropped on other threads.
    pub(in crate::isolate) fn end_released(&self) {
        self.link.take_released().into_iter().for_each(|(number, is_over)| self.end(number, is_over));
    }

    /// Ends all objects, before their heap ends.
    pub(super) fn clear(&self) {
        self.scoped.clear();
        let ended = self.entries.borrow_mut().remove_all();
        drop(ended);
        self.ended.clear();
    }
}

impl Isolate {
    /// The functions of an object that the host holds.
    pub(crate) fn object_binding(&self, key: ObjectKey) -> Result<Rc<Binding>, Error> {
        drop(self.entrance()?);
        self.is_of_this_life(key.generation)?;
        let entries = self.objects.entries.borrow();
        let entry = entries.get(key.number);
        // The proxy lives, so its object ended with a call.
        entry.map(|(_, entry)| entry.binding.clone()).ok_or_else(|| Error::discarded(DiscardCause::CallEnded))
    }

    /// The link to this isolate.
    pub(crate) fn link(&self) -> &Arc<IsolateLink> {
        &self.objects.link
    }

    /// Ends the objects of guests whose proxies were dropped.
    pub(crate) fn end_released(&self) {
        self.objects.end_released();
        self.end_streams();
        if self.objects.count() > 0 {
            self.care.note(Cause::Given);
        }
    }
}
