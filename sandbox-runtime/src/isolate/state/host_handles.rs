//! Objects of the host that guests hold: the numbers that stand for them, and the guests' objects that carry the numbers.
//!
//! A guest's object knows its number only. The number is of one isolate, and each use looks it up. So a guest cannot make a
//! handle, and a handle that is over stays over. An entry ends when the guest disposes it, when the guest's object was
//! collected, and with the heap.

use std::any::{Any, TypeId};
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use deno_core::v8;
use sandbox_core::contract::Contract;
use sandbox_core::spec::HandleForm;
use sandbox_core::value::HandleNumber;
use sandbox_core::value::handle::HandleContract;

use super::data_host::{RemoteObject, RemoteObjects};
use super::guest_objects::GuestParts;
use super::host::{ContractKey, Host};
use super::refusal::Refusal;
use super::scoped::ScopedHandles;
use crate::isolate::engine;
use crate::isolate::engine::care::{Care, Cause};
use crate::isolate::handle_table::KeyedTable;
pub(in crate::isolate) use crate::panic::drop_each;
use crate::panic::drop_of_host;

/// The parts that an engine has of a contract whose handles cross: for objects of the host, and for those of guests.
#[derive(Clone, Copy)]
pub(crate) struct HandleParts {
    pub(in crate::isolate) host: Option<HostParts>,
    pub(in crate::isolate) guest: Option<GuestParts>,
    pub(in crate::isolate) form: HandleForm,
}

#[cfg(feature = "process")]
impl HandleParts {
    /// The parts for objects of guests, where guests can implement the contract.
    pub(crate) fn of_guest(&self) -> Option<&GuestParts> {
        self.guest.as_ref()
    }

    /// The view that a guest has of an object.
    pub(crate) fn form(&self) -> HandleForm {
        self.form
    }
}

/// How a guest calls an object of the host.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct HostParts(pub(in crate::isolate) fn() -> Result<Host, String>);

/// The parts that the engine has of a contract.
pub(in crate::isolate) fn parts(contract: &HandleContract) -> Result<&'static HandleParts, String> {
    let parts = contract.parts as &dyn Any;
    parts.downcast_ref().ok_or_else(|| "the contract is of another engine".to_owned())
}

/// The identity of an object within a realm: the contract, the address, and the realm's number. The address of an object
/// elsewhere is its number there.
pub(in crate::isolate) type HandleKey = (ContractKey, usize, u64);

struct HeldObject {
    object: Rc<dyn Any>,
    /// The guest's object.
    guest: v8::Weak<v8::Object>,
}

#[derive(Default)]
struct HeldObjects {
    /// How often all handles ended.
    life: u64,
    all: KeyedTable<HandleKey, HeldObject>,
}

/// The bit of the numbers of objects that crossed first in a call of a scoped method. Guests have numbers below 2^53.
const SCOPED: u64 = 1 << 52;

/// The objects of the host that the guests of an isolate hold.
#[derive(Default)]
pub(in crate::isolate) struct HostHandles {
    entries: Rc<RefCell<HeldObjects>>,
    contracts: HandleContracts,
    /// The ends of calls since a collection, where the engine collects only when it is asked.
    ends: Cell<u32>,
    /// The objects at the other end of a link, if the hosts are there.
    remote: OnceCell<Rc<dyn RemoteObjects>>,
    /// Objects elsewhere that a value names, which was not sent yet.
    pinned: Rc<RefCell<Vec<Rc<RemoteObject>>>>,
    scoped: ScopedHandles,
    /// Objects that ended with their calls. Their drop is code of the host.
    over: RefCell<Vec<Rc<dyn Any>>>,
}

/// Keeps the objects that values name, until the values were sent.
pub(crate) struct PinnedObjects {
    all: Rc<RefCell<Vec<Rc<RemoteObject>>>>,
    before: usize,
}

impl Drop for PinnedObjects {
    fn drop(&mut self) {
        let mut pinned = self.all.borrow_mut();
        let before = self.before.min(pinned.len());
        let over = pinned.split_off(before);
        drop(pinned);
        drop(over);
    }
}

impl HostHandles {
    /// The facts of the contract of handles.
    pub(in crate::isolate) fn contract(&self, contract: ContractKey) -> Option<&Host> {
        self.contracts.find(contract)
    }

    /// Notes the contract of a handle.
    pub(in crate::isolate) fn note(&self, contract: &HandleContract) -> Result<&Host, String> {
        if let Some(known) = self.contracts.find(ContractKey::Typed(contract.id)) {
            return Ok(known);
        }
        let host = parts(contract)?.host.ok_or("no host can implement the contract")?;
        Ok(self.contracts.push((host.0)()?))
    }

    /// The contract of handles with this number, which is elsewhere.
    pub(in crate::isolate) fn numbered(&self, contract: u16) -> Option<&Host> {
        self.contracts.find(ContractKey::Numbered(contract))
    }

    /// Notes a contract that is elsewhere.
    #[cfg(feature = "process")]
    pub(crate) fn announce(&self, contract: Host) {
        self.contracts.push(contract);
    }

    /// Whether the objects of the host are at the other end of a link.
    pub(super) fn is_remote(&self) -> bool {
        self.remote.get().is_some()
    }

    /// The objects of the host are at the other end of a link.
    #[cfg(feature = "process")]
    pub(crate) fn are_remote(&self, remote: Rc<dyn RemoteObjects>) {
        _ = self.remote.set(remote);
    }

    /// The object elsewhere with this number.
    pub(in crate::isolate) fn remote(&self, handle: HandleNumber) -> Option<Rc<RemoteObject>> {
        self.remote.get()?.object(handle)
    }

    /// The identity of an object for values, by its number here. An object elsewhere has the number that it has there.
    pub(in crate::isolate) fn identity(&self, number: u64, contract: ContractKey) -> HandleNumber {
        let nth = match contract {
            ContractKey::Typed(_) => 0,
            ContractKey::Numbered(nth) => nth,
        };
        let Some(object) = self.object(number, contract) else { return HandleNumber::new(0, nth) };
        let Ok(object) = object.downcast::<RemoteObject>() else { return HandleNumber::new(number, nth) };
        let handle = object.handle;
        self.pinned.borrow_mut().push(object);
        handle
    }

    /// Keeps the objects that values name from here on, until the result is dropped.
    pub(crate) fn pin(&self) -> PinnedObjects {
        PinnedObjects { all: self.pinned.clone(), before: self.pinned.borrow().len() }
    }

    /// The guest's object for an object of the host that crosses, if the realm has one. `call` is the call with which the
    /// crossing ends.
    pub(in crate::isolate) fn of<'s>(
        &self,
        scope: &v8::PinScope<'s, '_>,
        key: HandleKey,
        call: Option<u64>,
    ) -> Option<v8::Local<'s, v8::Object>> {
        let entries = self.entries.borrow();
        let number = entries.all.number(key)?;
        let guest = entries.all.get(number)?.1.guest.to_local(scope)?;
        if number & SCOPED != 0 {
            self.scoped.crosses_again(number, call);
        }
        Some(guest)
    }

    /// How many objects the guests hold.
    pub(in crate::isolate) fn count(&self) -> usize {
        self.entries.borrow().all.len()
    }

    /// Takes the number of the next object. `call` is the call with which the object ends, if it does.
    pub(in crate::isolate) fn take_number(&self, call: Option<u64>) -> u64 {
        let number = self.entries.borrow_mut().all.take_number();
        if call.is_some() { number | SCOPED } else { number }
    }

    /// Keeps an object under a number that was [taken](Self::take_number), for as long as the guest's object lives.
    pub(in crate::isolate) fn keep(
        &self,
        (number, call): (u64, Option<u64>),
        key: HandleKey,
        object: Rc<dyn Any>,
        guest: v8::Weak<v8::Object>,
    ) {
        self.scoped.begins(number, call);
        // The object of before was collected, and its entry has not been swept.
        let before = self.entries.borrow_mut().all.insert(number, key, HeldObject { object, guest });
        drop_of_host(before);
    }

    /// Why the object with this number, which is over, cannot be called.
    pub(in crate::isolate) fn refusal(number: u64) -> Refusal {
        if number & SCOPED == 0 { Refusal::Disposed } else { Refusal::CallEnded }
    }

    /// The words for the object with this number, which is over.
    pub(in crate::isolate) fn gone(number: u64) -> &'static str {
        if number & SCOPED == 0 {
            "one that was disposed"
        } else {
            "one that was disposed, or ended with its call"
        }
    }

    /// The object with this number: an `Arc<C>` of the contract, or a [`RemoteObject`].
    pub(in crate::isolate) fn object(&self, number: u64, contract: ContractKey) -> Option<Rc<dyn Any>> {
        let entries = self.entries.borrow();
        let (key, held) = entries.all.get(number)?;
        (key.0 == contract).then(|| held.object.clone())
    }

    /// The object with this number, whatever its contract is.
    #[inline]
    pub(in crate::isolate) fn held(&self, number: u64) -> Option<Rc<dyn Any>> {
        let entries = self.entries.borrow();
        entries.all.get(number).map(|(_, held)| held.object.clone())
    }

    /// The object with this number as the implementation of `C`.
    pub(in crate::isolate) fn implementation<C: ?Sized + Contract>(&self, number: u64) -> Option<Arc<C>> {
        self.object(number, ContractKey::Typed(TypeId::of::<C>()))?.downcast_ref::<Arc<C>>().cloned()
    }

    /// Ends a handle. Code of the host may run, for its object may be dropped.
    pub(in crate::isolate) fn dispose(&self, number: u64) {
        let over = self.entries.borrow_mut().all.remove(number);
        if number & SCOPED != 0 {
            self.scoped.forget(number);
        }
        drop_of_host(over);
    }

    /// Ends the handles whose objects were collected.
    pub(in crate::isolate) fn sweep(&self) {
        let over = self.entries.borrow_mut().all.remove_if(|_, held| held.guest.is_empty());
        drop_each(over);
    }

    /// Ends all handles, before their heap ends. The caller drops the objects where code of the host can run.
    #[must_use = "the drop of an object is code of the host"]
    pub(in crate::isolate) fn clear(&self) -> Vec<Rc<dyn Any>> {
        self.scoped.clear();
        let mut entries = self.entries.borrow_mut();
        entries.life += 1;
        let live = entries.all.remove_all().into_iter().map(|held| held.object);
        live.chain(self.over.take()).collect()
    }

    /// A call of the guest is over: ends the handles whose objects were collected since such an end before. An engine that
    /// collects only when it is asked is asked by `collect`, once in so many ends of calls.
    pub(in crate::isolate) fn end_collected(&self, care: &Care, collect: impl FnOnce()) {
        const ENDS: u32 = 64;
        if !care.take(Cause::Collected) {
            return;
        }
        self.drop_over();
        if !engine::COLLECTS {
            self.ends.set((self.ends.get() + 1) % ENDS);
            if self.ends.get() == 0 {
                collect();
            }
        }
        self.sweep();
        if !engine::COLLECTS && self.count() > 0 {
            care.note(Cause::Collected);
        }
    }

    /// The part of a realm, which ends its handles when it is dropped.
    pub(in crate::isolate) fn of_realm(&self, realm: u64) -> RealmHandles {
        RealmHandles { entries: self.entries.clone(), realm, life: self.entries.borrow().life }
    }
}

/// The handles of a realm. They end with the realm.
pub(in crate::isolate) struct RealmHandles {
    entries: Rc<RefCell<HeldObjects>>,
    realm: u64,
    life: u64,
}

impl Drop for RealmHandles {
    fn drop(&mut self) {
        // A realm of a heap that is gone has the number of another one.
        if self.entries.borrow().life == self.life {
            let over = self.entries.borrow_mut().all.remove_if(|key, _| key.2 == self.realm);
            drop_each(over);
        }
    }
}

/// A list that grows only, so that its elements stay where they are.
#[derive(Default)]
struct HandleContracts(OnceCell<Box<(Host, HandleContracts)>>);

impl HandleContracts {
    fn find(&self, contract: ContractKey) -> Option<&Host> {
        let mut list = self;
        while let Some(element) = list.0.get() {
            let (host, rest) = &**element;
            if host.key() == contract {
                return Some(host);
            }
            list = rest;
        }
        None
    }

    fn push(&self, host: Host) -> &Host {
        let mut list = self;
        while let Some(element) = list.0.get() {
            list = &element.1;
        }
        &list.0.get_or_init(|| Box::new((host, Self::default()))).0
    }

    fn each(&self, mut run: impl FnMut(&Host)) {
        let mut list = self;
        while let Some(element) = list.0.get() {
            run(&element.0);
            list = &element.1;
        }
    }
}

impl HostHandles {
    /// A call of the guest is over.
    pub(in crate::isolate) fn forget(&self, call: u64) {
        self.contracts.each(|host| host.forget(call));
    }

    /// Ends the handles that end with a call. [`drop_over`](Self::drop_over) drops their objects. Returns whether others end with
    /// other calls.
    pub(in crate::isolate) fn end_scoped(&self, call: u64) -> bool {
        let ended = self.scoped.end(call);
        let mut entries = self.entries.borrow_mut();
        let over = ended.into_iter().filter_map(|number| entries.all.remove(number)).map(|held| held.object);
        self.over.borrow_mut().extend(over);
        !self.scoped.is_empty()
    }

    /// Whether objects wait for [`drop_over`](Self::drop_over).
    pub(in crate::isolate) fn has_over(&self) -> bool {
        !self.over.borrow().is_empty()
    }

    /// Drops the objects that ended with their calls, where code of the host may run.
    pub(in crate::isolate) fn drop_over(&self) {
        let over = self.over.take();
        drop_each(over);
    }
}
