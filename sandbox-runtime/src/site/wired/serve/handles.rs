//! The objects of the host that this peer's guests hold, by the numbers of the host.
//!
//! [`ReceivedHandles`] counts how often the peer received each number. A number is released with its count when nothing of the
//! peer holds the object: no guest, no value that waits for its guest, and no value that was not sent.

use std::any::Any;
use std::cell::{OnceCell, RefCell};
use std::rc::{Rc, Weak};

use rustc_hash::FxHashMap;

use super::hosts::RemoteHost;
use super::{Asked, Gone, GuestServer, parse};
use crate::contract::ContractSpec;
use crate::isolate::Host;
use crate::isolate::data_host::{NamedObjects, RemoteObject, RemoteObjects};
use crate::site::wired::message::{HandleContractData, kind};
use crate::value::HandleNumber;
use crate::value::handle::HandleNumbers;

/// The numbers that the peer has.
#[derive(Default)]
pub(super) struct ReceivedHandles {
    server: OnceCell<Weak<GuestServer>>,
    /// How many contracts there are.
    contracts: RefCell<usize>,
    known: RefCell<FxHashMap<u64, ReceivedHandle>>,
    /// The objects that the values name that are being read.
    reading: RefCell<Vec<Rc<RemoteObject>>>,
    /// The objects of guests among them.
    own: RefCell<Vec<Rc<dyn Any>>>,
    /// Numbers that are over, and their counts.
    released: RefCell<Vec<(u64, u64)>>,
}

struct ReceivedHandle {
    object: Weak<RemoteObject>,
    count: u64,
}

impl ReceivedHandles {
    /// The sandbox has so many hosts.
    pub(super) fn begin(&self, server: Weak<GuestServer>, hosts: usize) {
        _ = self.server.set(server);
        self.contracts.replace(hosts);
    }

    /// Takes the objects that the values name which were just read.
    pub(super) fn take_read(&self) -> NamedObjects {
        NamedObjects { _host: self.reading.take(), _own: self.own.take() }
    }

    /// An object of a guest that comes back. One that is over is told where the value is written.
    fn receive_own(&self, number: u64) {
        let isolate = self.server.get().and_then(Weak::upgrade).and_then(|server| server.isolate().ok());
        let object = isolate.and_then(|isolate| isolate.link_object(number));
        self.own.borrow_mut().extend(object.map(|object| object as Rc<dyn Any>));
    }

    fn receive(self: &Rc<Self>, handle: HandleNumber) -> Option<Rc<RemoteObject>> {
        let mut known = self.known.borrow_mut();
        let before = known.get(&handle.number());
        let count = before.map_or(0, |before| before.count);
        let object = match before.and_then(|before| before.object.upgrade()) {
            Some(object) => object,
            None => {
                let (server, nth) = (self.server.get()?.clone(), handle.contract());
                let held = HeldNumber { number: handle.number(), handles: self.clone() };
                Rc::new(RemoteObject {
                    handle,
                    host: Rc::new(RemoteHost { server, nth, object: Some(held) }),
                })
            }
        };
        let received = ReceivedHandle { object: Rc::downgrade(&object), count: count + 1 };
        known.insert(handle.number(), received);
        Some(object)
    }
}

/// The values of one frame, as they are read.
pub(super) struct Reading<'h>(pub(super) &'h Rc<ReceivedHandles>);

impl HandleNumbers for Reading<'_> {
    fn admits(&self, handle: HandleNumber) -> bool {
        if handle.contract() == HandleNumber::OF_GUEST {
            self.0.receive_own(handle.number());
            return true;
        }
        let is_known = usize::from(handle.contract()) < *self.0.contracts.borrow();
        let object = if is_known { self.0.receive(handle) } else { None };
        object.map(|object| self.0.reading.borrow_mut().push(object)).is_some()
    }
}

impl RemoteObjects for ReceivedHandles {
    fn object(&self, handle: HandleNumber) -> Option<Rc<RemoteObject>> {
        self.known.borrow().get(&handle.number())?.object.upgrade()
    }
}

/// The number of an object, which is released with this.
pub(super) struct HeldNumber {
    number: u64,
    handles: Rc<ReceivedHandles>,
}

impl HeldNumber {
    pub(super) fn number(&self) -> u64 {
        self.number
    }
}

impl Drop for HeldNumber {
    fn drop(&mut self) {
        let mut known = self.handles.known.borrow_mut();
        // A method that runs can hold the host longer than anything holds the object, which has come again.
        if known.get(&self.number).is_some_and(|handle| handle.object.strong_count() == 0)
            && let Some(handle) = known.remove(&self.number)
        {
            self.handles.released.borrow_mut().push((self.number, handle.count));
        }
    }
}

impl GuestServer {
    /// The host gives handles of a contract from now on.
    pub(super) fn announce(&self, body: &[u8]) -> Asked<()> {
        let HandleContractData { number, contract } = parse(body)?;
        let mut contracts = self.handles.contracts.borrow_mut();
        let isolate = self.isolate().map_err(|_| Gone)?;
        if usize::from(number) != *contracts {
            return Err(Gone);
        }
        let server = self.handles.server.get().cloned().ok_or(Gone)?;
        let spec: ContractSpec = contract.into_spec();
        let host = Host::untyped(
            number.into(),
            spec.into(),
            Rc::new(RemoteHost { server, nth: number, object: None }),
        );
        isolate.announce(host.map_err(|_| Gone)?);
        *contracts += 1;
        Ok(())
    }

    /// Tells the host of the numbers that are over.
    pub(super) fn release(&self) -> Asked<()> {
        /// The most numbers of a frame.
        const AT_ONCE: usize = 4096;
        let released = self.handles.released.take();
        released.chunks(AT_ONCE).try_for_each(|released| {
            self.send(kind::RELEASE, 0, false, |body| {
                for (number, count) in released {
                    body.extend_from_slice(&number.to_le_bytes());
                    body.extend_from_slice(&count.to_le_bytes());
                }
                Ok(())
            })
        })
    }
}
