//! Objects of guests that the host holds: for each, the functions that implement its contract, and the host's proxy.
//!
//! The table does not keep the proxy. An entry ends when the last `Arc` of the proxy is dropped, and with the heap.

use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::{Arc, Weak};

use deno_core::v8;
use rustc_hash::FxHashMap;
use sandbox_core::contract::ContractSpec;

use super::Isolate;
use super::binding::Binding;
use super::isolate_link::{IsolateLink, ObjectKey, ObjectTransport};
use crate::error::{DiscardCause, Error};
use crate::isolate::engine::care::Cause;
use crate::schema::ContractChecks;

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

impl Proxy {
    pub(in crate::isolate) fn new<C: ?Sized + 'static>(object: Arc<C>) -> Self {
        let address = Arc::as_ptr(&object).cast::<()>().addr();
        let weak = Box::new(Arc::downgrade(&object));
        Self { object: Rc::new(object), weak, address }
    }
}

trait WeakObject {
    /// An `Arc<C>`, if the object lives.
    fn upgrade(&self) -> Option<Rc<dyn Any>>;
}

impl<C: ?Sized + 'static> WeakObject for Weak<C> {
    fn upgrade(&self) -> Option<Rc<dyn Any>> {
        Self::upgrade(self).map(|object| Rc::new(object) as Rc<dyn Any>)
    }
}

struct GivenObject {
    object: v8::Global<v8::Object>,
    binding: Rc<Binding>,
    proxy: Box<dyn WeakObject>,
    /// The contract, and the address of the proxy.
    key: (TypeId, usize),
}

#[derive(Default)]
struct GivenObjects {
    last: u64,
    by_number: FxHashMap<u64, GivenObject>,
    by_key: FxHashMap<(TypeId, usize), u64>,
}

/// The objects of an isolate's guests that the host holds.
pub(in crate::isolate) struct GuestObjects {
    pub(in crate::isolate) link: Arc<IsolateLink>,
    entries: RefCell<GivenObjects>,
    count: Cell<usize>,
}

impl GuestObjects {
    pub(super) fn new() -> Self {
        Self { link: IsolateLink::new(), entries: RefCell::default(), count: Cell::default() }
    }

    /// How many objects the host holds.
    #[inline]
    pub(in crate::isolate) fn count(&self) -> usize {
        self.count.get()
    }

    /// A transport to the next object, which has these methods.
    pub(in crate::isolate) fn transport(&self, generation: u64, has: &[bool]) -> ObjectTransport {
        let number = {
            let mut entries = self.entries.borrow_mut();
            entries.last += 1;
            entries.last
        };
        let has = has.contains(&false).then(|| has.into());
        ObjectTransport { link: self.link.clone(), number, generation, has }
    }

    /// Keeps an object for as long as its proxy lives. Returns the proxy's `Arc`.
    pub(in crate::isolate) fn keep(
        &self,
        number: u64,
        object: v8::Global<v8::Object>,
        binding: Binding,
        (contract, proxy): (TypeId, Proxy),
    ) -> Rc<dyn Any> {
        let key = (contract, proxy.address);
        let entry = GivenObject { object, binding: Rc::new(binding), proxy: proxy.weak, key };
        let mut entries = self.entries.borrow_mut();
        entries.by_key.insert(key, number);
        entries.by_number.insert(number, entry);
        self.count.set(entries.by_number.len());
        proxy.object
    }

    /// The proxy of the object with this number, if the host holds the proxy.
    pub(in crate::isolate) fn proxy(&self, number: u64, contract: TypeId) -> Option<Rc<dyn Any>> {
        let entries = self.entries.borrow();
        let entry = entries.by_number.get(&number).filter(|entry| entry.key.0 == contract)?;
        entry.proxy.upgrade()
    }

    /// The guest's object behind a proxy, with the number of its realm; `None` for an object that the host made.
    pub(in crate::isolate) fn behind<'s>(
        &self,
        scope: &v8::PinScope<'s, '_>,
        contract: TypeId,
        address: usize,
    ) -> Option<(v8::Local<'s, v8::Object>, u64)> {
        if self.count() == 0 {
            return None;
        }
        let entries = self.entries.borrow();
        let entry = entries.by_number.get(entries.by_key.get(&(contract, address))?)?;
        // Memory of a proxy that was dropped may be that of another object now.
        entry.proxy.upgrade()?;
        Some((v8::Local::new(scope, &entry.object), entry.binding.realm.number))
    }

    /// Ends an object, whose proxy is gone.
    pub(in crate::isolate) fn end(&self, number: u64) {
        let ended = {
            let mut entries = self.entries.borrow_mut();
            let ended = entries.by_number.remove(&number);
            if let Some(entry) = &ended
                && entries.by_key.get(&entry.key) == Some(&number)
            {
                entries.by_key.remove(&entry.key);
            }
            self.count.set(entries.by_number.len());
            ended
        };
        drop(ended);
    }

    /// Ends the objects whose proxies were dropped on other threads.
    pub(in crate::isolate) fn end_released(&self) {
        self.link.take_released().into_iter().for_each(|number| self.end(number));
    }

    /// Ends all objects, before their heap ends.
    pub(super) fn clear(&self) {
        let ended = {
            let mut entries = self.entries.borrow_mut();
            entries.by_key.clear();
            self.count.set(0);
            std::mem::take(&mut entries.by_number)
        };
        drop(ended);
    }
}

impl Isolate {
    /// The functions of an object that the host holds.
    pub(crate) fn object_binding(&self, key: ObjectKey) -> Result<Rc<Binding>, Error> {
        drop(self.entrance()?);
        self.is_of_this_life(key.generation)?;
        let entries = self.objects.entries.borrow();
        let entry = entries.by_number.get(&key.number);
        entry.map(|entry| entry.binding.clone()).ok_or_else(|| Error::discarded(DiscardCause::Closed))
    }

    /// The link to this isolate.
    pub(crate) fn link(&self) -> &Arc<IsolateLink> {
        &self.objects.link
    }

    /// Ends the objects of guests whose proxies were dropped.
    pub(crate) fn end_released(&self) {
        self.objects.end_released();
        if self.objects.count() > 0 {
            self.care.note(Cause::Given);
        }
    }
}
