//! The objects of guests that the host holds by proxies, and that are at the other end of the link.
//!
//! A value of the peer names an object with the number of this crossing. The host releases each crossing once: at the end of the
//! frame if no handle was read, and otherwise when the last `Arc` of the proxy is dropped. Releases wait for the next frame,
//! which they precede. While a handle is read, nothing is released, because the value may be read a second time.
//!
//! `handles` uses this table under the session's lock. Proxies find their bindings in [`FarBindings`] from any thread.

use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use rustc_hash::FxHashMap;
use sandbox_core::spec::HandleForm;

use super::super::message::{BindObject, ContractData, kind, to_json};
use super::{About, CallAnswer, Handle, ReadTime, Session, What};
use crate::contract::SpecRef;
use crate::error::{DiscardCause, Error, Result};
use crate::isolate::ObjectTransport;
use crate::isolate::cancels::Period;
use crate::isolate::guest_objects::GuestParts;
use crate::isolate::isolate_link::IsolateLink;
use crate::isolate::ops::HandleParts;
use crate::isolate::values::{lacking, wanted};
use crate::value::handle::{HandleContract, NoGuestObject, Shared, WeakShared};
use crate::value::{GivenNumber, JsValue};

/// The host's proxy of an object.
struct FarProxy {
    object: WeakShared,
    address: usize,
    /// The number of the proxy.
    number: u64,
    has: Vec<bool>,
}

/// A crossing that a proxy keeps.
struct KeptCrossing {
    crossing: u64,
    key: (u64, TypeId),
}

/// The object of a crossing, and how many proxies keep the crossing.
struct CrossedObject {
    object: u64,
    proxies: usize,
}

/// The objects of guests that the host holds.
pub(in super::super) struct SessionObjects {
    link: Arc<IsolateLink>,
    session: OnceLock<Weak<Session>>,
    bindings: Arc<FarBindings>,
    /// The number of the last proxy. No number comes again, whatever peer there is.
    last: Cell<u64>,
    /// By the number of the object, and the contract.
    proxies: RefCell<FxHashMap<(u64, TypeId), FarProxy>>,
    /// The numbers of objects, by the contract and the proxy's address.
    numbers: RefCell<FxHashMap<(TypeId, usize), u64>>,
    /// By the number of the proxy.
    kept: RefCell<FxHashMap<u64, KeptCrossing>>,
    /// The crossings that proxies keep.
    crossings: RefCell<FxHashMap<u64, CrossedObject>>,
    /// The objects that the frames name which are being read.
    open: RefCell<Vec<GivenNumber>>,
    /// Crossings that no handle was read of.
    unread: RefCell<Vec<u64>>,
    /// Proxies that were dropped, and that calls need which have not begun.
    leased: RefCell<Vec<u64>>,
    /// Proxies that an unsent frame names.
    unsent: RefCell<Vec<Shared>>,
    /// The time of the call whose values are being read. Contracts that are bound meanwhile end with it.
    reading: Cell<ReadTime>,
    /// A contract is being bound.
    is_binding: Cell<bool>,
    /// Why the last contract was not bound.
    failure: RefCell<Option<Error>>,
}

/// The bindings of the objects, by the numbers of the proxies.
#[derive(Default)]
pub(in super::super) struct FarBindings(Mutex<FxHashMap<u64, FarBinding>>);

/// The binding of a proxy, and those that need it beside the proxy.
struct FarBinding {
    handle: Handle,
    leases: BindingLease,
}

/// Keeps an object for a call that has not begun, also when its proxy is dropped.
pub(in super::super) type BindingLease = Arc<()>;

impl FarBindings {
    fn all(&self) -> MutexGuard<'_, FxHashMap<u64, FarBinding>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The binding of a proxy, with a lease.
    pub(in super::super) fn get(&self, number: u64) -> Option<(Handle, BindingLease)> {
        self.all().get(&number).map(|binding| (binding.handle, binding.leases.clone()))
    }

    fn insert(&self, number: u64, binding: FarBinding) {
        self.all().insert(number, binding);
    }

    /// Takes the binding of a proxy that was dropped, with its leases.
    fn take(&self, number: u64) -> Option<FarBinding> {
        self.all().remove(&number)
    }

    /// Ends the binding of a proxy that was dropped. Returns whether no call needs it.
    fn end(&self, number: u64) -> bool {
        let mut all = self.all();
        let is_over = all.get(&number).is_none_or(|binding| Arc::strong_count(&binding.leases) == 1);
        if is_over {
            all.remove(&number);
        }
        is_over
    }
}

/// Ends the crossings that a frame names, when the frame was read.
pub(super) struct OpenCrossings<'o> {
    objects: &'o SessionObjects,
    before: usize,
    outer: ReadTime,
}

impl Drop for OpenCrossings<'_> {
    fn drop(&mut self) {
        self.objects.reading.set(self.outer);
        let mut open = self.objects.open.borrow_mut();
        let before = self.before.min(open.len());
        if before < open.len() {
            let kept = self.objects.crossings.borrow();
            let over = open.drain(before..).map(|given| given.crossing);
            let mut over = over.filter(|crossing| !kept.contains_key(crossing)).collect::<Vec<_>>();
            // A value that is read twice names its crossings twice.
            over.sort_unstable();
            over.dedup();
            // An error of a contract that was not bound is told with its value, or not at all.
            drop(self.objects.failure.take());
            self.objects.unread.borrow_mut().append(&mut over);
        }
    }
}

impl SessionObjects {
    pub(super) fn new() -> Self {
        Self {
            link: IsolateLink::new(),
            session: OnceLock::new(),
            bindings: Arc::default(),
            last: Cell::default(),
            proxies: RefCell::default(),
            numbers: RefCell::default(),
            kept: RefCell::default(),
            crossings: RefCell::default(),
            open: RefCell::default(),
            unread: RefCell::default(),
            leased: RefCell::default(),
            unsent: RefCell::default(),
            reading: Cell::new(ReadTime::UNBOUNDED),
            is_binding: Cell::default(),
            failure: RefCell::default(),
        }
    }

    /// Sets the session of the objects. Returns the link of the proxies, and the bindings.
    pub(super) fn belong_to(&self, session: &Arc<Session>) -> (Arc<IsolateLink>, Arc<FarBindings>) {
        _ = self.session.set(Arc::downgrade(session));
        (self.link.clone(), self.bindings.clone())
    }

    /// The values of a frame are read until the result is dropped. `time` is that of their call.
    pub(super) fn reads(&self, time: ReadTime) -> OpenCrossings<'_> {
        OpenCrossings { objects: self, before: self.open.borrow().len(), outer: self.reading.replace(time) }
    }

    /// The period of the call for whose values a contract is being bound.
    pub(super) fn made_in(&self) -> Option<Period> {
        self.reading.get().made_in.filter(|_| self.is_binding.get())
    }

    /// Whether a contract is being bound.
    pub(super) fn is_binding(&self) -> bool {
        self.is_binding.get()
    }

    /// Takes the error for which no handle could be read, if that is no error of the value.
    pub(super) fn take_failure(&self) -> Option<Error> {
        self.failure.take()
    }

    /// Whether a crossing can be one of the peer's. The number of a crossing that is kept names one object.
    pub(super) fn gives(&self, given: GivenNumber) -> bool {
        let known = self.crossings.borrow().get(&given.crossing).map(|known| known.object);
        let admits =
            given.crossing > 0 && given.object > 0 && known.is_none_or(|known| known == given.object);
        if admits {
            self.open.borrow_mut().push(given);
        }
        admits
    }

    /// The number of the object behind a proxy; `None` for an object of the host.
    pub(super) fn behind(&self, contract: TypeId, address: usize) -> Option<u64> {
        let number = self.numbers.borrow().get(&(contract, address)).copied()?;
        let proxies = self.proxies.borrow();
        // Memory of a proxy that was dropped may be that of another object now.
        proxies.get(&(number, contract))?.object.upgrade()?;
        Some(number)
    }

    /// Keeps a proxy until the frame that names its object was sent.
    pub(super) fn is_named(&self, proxy: Shared) {
        self.unsent.borrow_mut().push(proxy);
    }

    /// The frame was sent, or will not be.
    pub(super) fn were_sent(&self) {
        if !self.unsent.borrow().is_empty() {
            let unsent = self.unsent.take();
            drop(unsent);
        }
    }

    /// The crossings that the peer is told of before the next frame.
    pub(super) fn take_released(&self) -> Vec<u64> {
        let has_some =
            self.link.has_released() || !self.unread.borrow().is_empty() || !self.leased.borrow().is_empty();
        if self.is_binding.get() || !has_some {
            return Vec::new();
        }
        let mut over = self.unread.take();
        let mut released = self.leased.take();
        released.extend(self.link.take_released().into_iter().map(|(number, _)| number));
        let (ended, leased) =
            released.into_iter().partition::<Vec<_>, _>(|number| self.bindings.end(*number));
        self.leased.replace(leased);
        over.extend(ended.into_iter().filter_map(|number| self.end(number)));
        over
    }

    /// Ends a proxy. Returns its crossing, unless the peer is gone or another proxy has the crossing.
    fn end(&self, number: u64) -> Option<u64> {
        let KeptCrossing { crossing, key } = self.kept.borrow_mut().remove(&number)?;
        let mut proxies = self.proxies.borrow_mut();
        if proxies.get(&key).is_some_and(|proxy| proxy.number == number)
            && let Some(proxy) = proxies.remove(&key)
        {
            self.forget((key.1, proxy.address), key.0);
        }
        self.leave(crossing).then_some(crossing)
    }

    /// A proxy keeps a crossing no longer. Returns whether no other proxy keeps it.
    fn leave(&self, crossing: u64) -> bool {
        let mut crossings = self.crossings.borrow_mut();
        let left = crossings.get_mut(&crossing).map_or(0, |crossed| {
            crossed.proxies -= 1;
            crossed.proxies
        });
        if left == 0 {
            crossings.remove(&crossing);
        }
        left == 0
    }

    /// Forgets the address of a proxy.
    fn forget(&self, address: (TypeId, usize), object: u64) {
        let mut numbers = self.numbers.borrow_mut();
        if numbers.get(&address) == Some(&object) {
            numbers.remove(&address);
        }
    }

    /// The peer is gone. The proxies keep their bindings, whose calls say why.
    pub(super) fn end_all(&self) {
        self.proxies.take();
        self.numbers.take();
        self.kept.take();
        self.crossings.take();
        self.open.take();
        self.unread.take();
    }

    /// The proxies are told that the session is over.
    pub(super) fn close(&self) {
        self.link.closes();
    }

    /// The proxy of an object: an `Arc<C>` of the contract. The first time, the peer finds the methods.
    pub(super) fn proxy(
        &self,
        given: Option<GivenNumber>,
        contract: &HandleContract,
        data: &JsValue,
    ) -> Result<Rc<dyn Any>, NoGuestObject> {
        let parts = (contract.parts as &dyn Any).downcast_ref::<HandleParts>();
        let refused = |found: Option<String>| NoGuestObject {
            expected: parts.map_or_else(
                || format!("a {} that the host gave", contract.name),
                |parts| wanted(contract, parts),
            ),
            found,
        };
        let form = parts.map(HandleParts::form).unwrap_or_default();
        let guest = parts.and_then(HandleParts::of_guest).ok_or_else(|| refused(None))?;
        let given = given.ok_or_else(|| refused(if form.is_stream() { None } else { lacks(guest, data) }))?;
        let key = (given.object, contract.id);
        let known = self.proxies.borrow().get(&key).and_then(|proxy| proxy.object.upgrade());
        // Each crossing of an iterable is a stream of its own.
        if let Some(known) = known.filter(|_| !form.is_stream()) {
            return Ok(known);
        }
        let lost = if form.is_stream() { None } else { self.lost(key) };
        let (binding, crossing, has) = match lost {
            Some(lost) => lost,
            None => {
                let (binding, has) = self.bind(given.object, guest).map_err(|failure| match failure {
                    Error::Mismatch { problems, .. } => {
                        let wrong = problems.into_iter().map(|problem| (problem.export, problem.found));
                        refused((form == HandleForm::Methods).then(|| lacking(wrong)))
                    }
                    error => {
                        let found = format!("one whose methods were not found: {error}");
                        self.failure.replace(Some(error));
                        refused(Some(found))
                    }
                })?;
                // An error of a contract that the value was tried with before is not that of the value.
                drop(self.failure.take());
                (FarBinding { handle: binding, leases: Arc::default() }, given.crossing, has)
            }
        };
        self.keep((key, crossing), (binding, has), contract, guest).ok_or_else(|| NoGuestObject {
            expected: format!(
                "a handle of `{}: Send + Sync`, for a sandbox of another process",
                contract.name
            ),
            found: Some("one of a contract that one thread may use".to_owned()),
        })
    }

    /// The parts of a proxy that was dropped, and whose crossing was not released.
    fn lost(&self, key: (u64, TypeId)) -> Option<(FarBinding, u64, Vec<bool>)> {
        let proxy = self.proxies.borrow_mut().remove(&key)?;
        self.forget((key.1, proxy.address), key.0);
        let kept = self.kept.borrow_mut().remove(&proxy.number)?;
        _ = self.leave(kept.crossing);
        // The next proxy keeps the binding for the calls of this one that have not begun.
        Some((self.bindings.take(proxy.number)?, kept.crossing, proxy.has))
    }

    /// Makes a proxy. `None` for a contract that one thread may use.
    fn keep(
        &self,
        (key, crossing): ((u64, TypeId), u64),
        (binding, has): (FarBinding, Vec<bool>),
        contract: &HandleContract,
        guest: &GuestParts,
    ) -> Option<Rc<dyn Any>> {
        let number = self.last.get() + 1;
        self.last.set(number);
        let transport = ObjectTransport::far(self.link.clone(), number, &has);
        let (object, address) = guest.proxy(transport)?.into_parts();
        let weak = (contract.weak)(&*object)?;
        self.bindings.insert(number, binding);
        self.kept.borrow_mut().insert(number, KeptCrossing { crossing, key });
        let new = CrossedObject { object: key.0, proxies: 0 };
        self.crossings.borrow_mut().entry(crossing).or_insert(new).proxies += 1;
        // A stream goes back as one of the host.
        if !guest.spec().form.is_stream() {
            self.numbers.borrow_mut().insert((key.1, address), key.0);
        }
        self.proxies.borrow_mut().insert(key, FarProxy { object: weak, address, number, has });
        Some(object)
    }

    /// Binds a contract to an object. The peer may run getters of the guest.
    fn bind(&self, object: u64, guest: &GuestParts) -> Result<(Handle, Vec<bool>)> {
        let closed = || Error::discarded(DiscardCause::Closed);
        let session = self.session.get().and_then(Weak::upgrade).ok_or_else(closed)?;
        let (spec, checks) = (guest.spec(), guest.checks()?);
        let is_full = self.kept.borrow().len() >= session.limits().handles;
        let gives =
            |index: usize| checks.methods.get(index).map(|method| method.returns.gives).unwrap_or_default();
        let contract = ContractData::of(spec, gives);
        let about = About { contract: Some(SpecRef::Static(spec)), ..About::default() };
        let _binding = BindingMark::begin(&self.is_binding);
        let time = self.reading.get();
        let bound = session.request_here(
            about,
            (kind::OBJECT, None),
            time.end,
            |limit, out| to_json(&BindObject { object, contract, limit }, out),
            |answer| match answer {
                // A peer refuses an object more than it may have, and ends the guest.
                CallAnswer::Done(..) if is_full => None,
                CallAnswer::Done(done, generation) if done.exported.len() == spec.methods.len() => {
                    let binding = Handle::new(done.handle, generation, What::Binding, 0);
                    Some(Ok((binding, done.exported)))
                }
                _ => None,
            },
        );
        bound.map_err(|error| time.of_reading(error, session.limits()))
    }
}

/// Marks that a contract is being bound, until it is dropped.
struct BindingMark<'b> {
    is_binding: &'b Cell<bool>,
    before: bool,
}

impl<'b> BindingMark<'b> {
    fn begin(is_binding: &'b Cell<bool>) -> Self {
        Self { is_binding, before: is_binding.replace(true) }
    }
}

impl Drop for BindingMark<'_> {
    fn drop(&mut self) {
        self.is_binding.set(self.before);
    }
}

/// The methods that data lack, in words; `None` for data that are described as a whole.
fn lacks(guest: &GuestParts, data: &JsValue) -> Option<String> {
    let fields: &[(String, JsValue)] = match data {
        JsValue::Object(fields) => fields,
        JsValue::Array(_) => &[],
        _ => return None,
    };
    let value = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value);
    let spec = guest.spec();
    let wrong = spec.methods.iter().filter_map(|method| match value(&method.name) {
        None | Some(JsValue::Undefined) if method.optional => None,
        None | Some(JsValue::Undefined) => Some((method.name.clone(), None)),
        Some(value) => Some((method.name.clone(), Some(value.describe()))),
    });
    let wrong = wrong.collect::<Vec<_>>();
    (!wrong.is_empty()).then(|| lacking(wrong))
}
