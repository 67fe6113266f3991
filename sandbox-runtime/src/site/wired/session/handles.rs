//! The objects of the host that the guests of a peer hold.
//!
//! The host gives a number for each object, and counts how often it gave the number. A peer releases a number with the count
//! that it has received. So a number that the host gives while a release is on its way stays. A number of a contract that
//! the peer does not know yet comes after a frame with the contract.
//!
//! A number that a peer names must be one that it has. The peer is ended otherwise. `host_call` and `call` use this table,
//! under the session's lock. Objects that are over are dropped where code of the host may run: see
//! [`take_over`](SessionHandles::take_over).

#[cfg(test)]
mod tests;

use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

use super::super::message::{ContractData, HandleContractData};
use super::objects::SessionObjects;
use crate::boundary::{ValueError, over_handles};
use crate::contract::SpecRef;
use crate::isolate::handle_table::KeyedTable;
use crate::isolate::host_dispatch::{PlainContract, PlainHost, PlainObject};
use crate::isolate::values::of_another_realm;
use crate::panic::drop_each;
use crate::value::handle::{HandleContract, HandleNumbers, NoGuestObject, Shared, SharedObject};
use crate::value::{GivenNumber, HandleNumber, JsValue};
use crate::wire::Out;

/// Why the objects of a value have no numbers.
pub(super) enum NotGiven {
    /// The peer holds as many objects as its guests could hold, and more.
    TooMany,
    Refused(ValueError),
}

/// The methods of a contract: of a host, or of handles.
pub(super) enum PlainMethods<'h> {
    Host(&'h PlainContract),
    Handle(Arc<PlainContract>),
}

impl Deref for PlainMethods<'_> {
    type Target = PlainContract;

    fn deref(&self) -> &PlainContract {
        match self {
            Self::Host(contract) => contract,
            Self::Handle(contract) => contract,
        }
    }
}

/// An object that the peer holds.
struct SentObject {
    contract: HandleContract,
    object: Shared,
    /// How often the peer was given the number, without the releases.
    given: u64,
}

/// The objects, by the number of the contract and the object's address.
type SentObjects = KeyedTable<(u16, usize), SentObject>;

/// Takes a count off. Returns the object if the count was the last; `None` for a number or a count that is not there.
fn released(objects: &mut SentObjects, number: u64, count: u64) -> Option<Option<Shared>> {
    let held = objects.get_mut(number)?;
    held.given = held.given.checked_sub(count).filter(|_| count > 0)?;
    match held.given {
        0 => Some(objects.remove(number).map(|held| held.object)),
        _ => Some(None),
    }
}

/// The objects of the host that the guests of a peer hold.
pub(super) struct SessionHandles {
    /// The objects of guests that the host holds.
    pub(super) objects: SessionObjects,
    sent: RefCell<SentObjects>,
    /// The contracts of the hosts.
    hosts: Box<[TypeId]>,
    /// Other contracts of handles. Their numbers follow those of the hosts.
    contracts: RefCell<Vec<Arc<PlainContract>>>,
    /// How many of these the peer knows.
    announced: Cell<usize>,
    /// The numbers in a frame that was not sent yet.
    unsent: RefCell<Vec<u64>>,
    /// Objects whose handles are over.
    over: RefCell<Vec<Shared>>,
    /// Whether the peer has named a number that it does not have.
    is_broken: Cell<bool>,
    /// The last number when a frame of the peer was put off. Such a frame names no later number.
    put_off: Cell<u64>,
}

impl SessionHandles {
    /// `hosts` are those of the sandbox.
    pub(super) fn new(hosts: &[PlainHost]) -> Self {
        Self {
            objects: SessionObjects::new(),
            sent: RefCell::default(),
            hosts: hosts.iter().map(|host| host.id).collect(),
            contracts: RefCell::default(),
            announced: Cell::default(),
            unsent: RefCell::default(),
            over: RefCell::default(),
            is_broken: Cell::default(),
            put_off: Cell::default(),
        }
    }

    /// Writes the numbers of a value's objects. `most` is the number of objects that guests may hold.
    pub(super) fn give(&self, out: &mut Out, most: usize, can_wait: bool) -> Result<(), NotGiven> {
        let given = out.number(|object| self.number(object, most, can_wait));
        if given.is_err() {
            self.take_back();
        }
        given
    }

    fn number(&self, object: SharedObject, most: usize, can_wait: bool) -> Result<HandleNumber, NotGiven> {
        let SharedObject { contract, object, address } = object;
        if let Some(guest) = self.objects.behind(contract.id, address) {
            self.objects.is_named(object);
            return Ok(HandleNumber::new(guest, HandleNumber::OF_GUEST));
        }
        let nth = self.nth(&contract, can_wait).map_err(NotGiven::Refused)?;
        let key = (nth, address);
        let objects = &mut *self.sent.borrow_mut();
        let number = match objects.number(key) {
            Some(number) => number,
            // A peer releases objects when its own count is at the limit. Values on their way are not in that count.
            None if objects.len() >= most.saturating_mul(2) => return Err(NotGiven::TooMany),
            None => {
                let number = objects.take_number();
                // No object has the key.
                _ = objects.insert(number, key, SentObject { contract, object, given: 0 });
                number
            }
        };
        if let Some(held) = objects.get_mut(number) {
            held.given += 1;
        }
        self.unsent.borrow_mut().push(number);
        Ok(HandleNumber::new(number, nth))
    }

    /// The number of a contract. `can_wait` says whether guests can wait for a synchronous method.
    fn nth(&self, contract: &HandleContract, can_wait: bool) -> Result<u16, ValueError> {
        let refused = |expected: &str, found: String| ValueError::new(format!("a handle {expected}"), found);
        if let Some(nth) = self.hosts.iter().position(|id| *id == contract.id) {
            return u16::try_from(nth).map_err(|_| refused("of a contract with a number", "another".into()));
        }
        let mut contracts = self.contracts.borrow_mut();
        let nth = contracts.iter().position(|known| known.id == contract.id).unwrap_or(contracts.len());
        let number = u16::try_from(self.hosts.len() + nth).ok();
        let Some(number) = number.filter(|number| *number != HandleNumber::OF_GUEST) else {
            return Err(refused("of at most 65,535 contracts", "one of another".into()));
        };
        if nth == contracts.len() {
            if PlainContract::is_of_guests(contract) {
                return Err(of_another_realm(contract.name));
            }
            let plain = PlainContract::of_handle(contract)
                .map_err(|reason| refused(&format!("of {}", contract.name), reason))?;
            if !can_wait && plain.spec.methods.iter().any(|method| !method.is_async) {
                let expected =
                    "of a contract whose methods are all `async`, because the guest cannot wait here";
                return Err(refused(expected, format!("one of {}", contract.name)));
            }
            contracts.push(Arc::new(plain));
        }
        Ok(number)
    }

    /// The numbers of the last values were sent.
    pub(super) fn were_sent(&self) {
        self.unsent.borrow_mut().clear();
        self.objects.were_sent();
    }

    /// The numbers of the last values were not sent.
    pub(super) fn take_back(&self) {
        self.objects.were_sent();
        let unsent = self.unsent.take();
        let mut objects = self.sent.borrow_mut();
        let over = unsent.into_iter().filter_map(|number| released(&mut objects, number, 1).flatten());
        self.over.borrow_mut().extend(over);
    }

    /// The contracts that the peer is told of before the next frame.
    pub(super) fn unannounced(&self) -> Vec<HandleContractData> {
        let contracts = self.contracts.borrow();
        let known = self.announced.replace(contracts.len());
        let numbered = contracts.iter().zip(self.hosts.len()..).skip(known);
        let data = |(contract, nth): (&Arc<PlainContract>, usize)| {
            let number = u16::try_from(nth).ok()?;
            Some(HandleContractData {
                number,
                contract: ContractData::of(&contract.spec, |index| contract.gives(index)),
            })
        };
        numbered.filter_map(data).collect()
    }

    /// Whether the peer must be told of contracts.
    pub(super) fn has_unannounced(&self) -> bool {
        self.contracts.borrow().len() > self.announced.get()
    }

    /// The contracts of handles that are no hosts.
    pub(super) fn specs(&self) -> Vec<SpecRef> {
        self.contracts.borrow().iter().map(|contract| contract.spec.clone()).collect()
    }

    /// The contract of handles with this number, which is no host.
    pub(super) fn contract(&self, nth: usize) -> Option<PlainMethods<'static>> {
        let nth = nth.checked_sub(self.hosts.len())?;
        self.contracts.borrow().get(nth).cloned().map(PlainMethods::Handle)
    }

    /// The object with this number, if it is of this contract.
    pub(super) fn called(&self, number: u64, contract: usize) -> Option<PlainObject> {
        let objects = self.sent.borrow();
        let (_, held) = objects.get(number).filter(|(key, _)| usize::from(key.0) == contract)?;
        Some(PlainObject::Handle(held.object.clone()))
    }

    /// Releases the numbers of a frame, up to the first that the peer does not have. Returns the part that must wait,
    /// because frames that were put off may name its numbers; `None` for a frame that is wrong.
    pub(super) fn release(&self, frame: &[u8], has_put_off: bool) -> Option<Vec<u8>> {
        let (pairs @ [_, ..], []) = frame.as_chunks::<16>() else { return None };
        let mut later = Vec::new();
        let mut objects = self.sent.borrow_mut();
        for pair in pairs {
            let (number, count) = pair.split_first_chunk::<8>()?;
            let (number, count) =
                (u64::from_le_bytes(*number), u64::from_le_bytes(*count.first_chunk::<8>()?));
            if has_put_off && number <= self.put_off.get() {
                later.extend_from_slice(pair);
                continue;
            }
            self.over.borrow_mut().extend(released(&mut objects, number, count)?);
        }
        Some(later)
    }

    /// A frame of the peer is put off, which may name any number that the peer has.
    pub(super) fn puts_off(&self) {
        self.put_off.set(self.sent.borrow().last());
    }

    /// Takes the objects whose handles are over. Their drop is code of the host.
    pub(super) fn take_over(&self) -> Vec<Shared> {
        self.over.take()
    }

    /// Whether the peer has named a number that it does not have.
    pub(super) fn was_broken(&self) -> bool {
        self.is_broken.take()
    }

    /// Ends all handles: the peer is gone. The next peer knows no contract.
    pub(super) fn end_all(&self) {
        self.objects.end_all();
        self.announced.set(0);
        self.is_broken.set(false);
        self.unsent.take();
        let given = self.sent.borrow_mut().remove_all();
        self.over.borrow_mut().extend(given.into_iter().map(|given| given.object));
    }
}

impl HandleNumbers for SessionHandles {
    fn admits(&self, handle: HandleNumber) -> bool {
        let nth = usize::from(handle.contract());
        let admits = match handle.number() {
            0 => nth < self.hosts.len() + self.contracts.borrow().len(),
            number => self.called(number, nth).is_some(),
        };
        if !admits {
            self.is_broken.set(true);
        }
        admits
    }

    fn gives(&self, given: GivenNumber) -> bool {
        let gives = self.objects.gives(given);
        if !gives {
            self.is_broken.set(true);
        }
        gives
    }

    fn guest(
        &self,
        given: Option<GivenNumber>,
        contract: &HandleContract,
        data: &JsValue,
    ) -> Result<Rc<dyn Any>, NoGuestObject> {
        self.objects.proxy(given, contract, data)
    }

    fn is_of(&self, handle: HandleNumber, contract: &HandleContract) -> bool {
        let nth = usize::from(handle.contract());
        let id = self.hosts.get(nth).copied().or_else(|| self.contract(nth).map(|known| known.id));
        id == Some(contract.id)
    }

    fn object(&self, handle: HandleNumber) -> Option<Rc<dyn Any>> {
        let objects = self.sent.borrow();
        let (_, held) = objects.get(handle.number())?;
        (held.contract.unshare)(&held.object)
    }
}

impl Drop for SessionHandles {
    fn drop(&mut self) {
        self.end_all();
        drop_each(self.take_over());
    }
}

impl NotGiven {
    /// The error of the value.
    pub(super) fn error(self, most: usize) -> ValueError {
        match self {
            Self::TooMany => over_handles(most),
            Self::Refused(error) => error,
        }
    }
}
