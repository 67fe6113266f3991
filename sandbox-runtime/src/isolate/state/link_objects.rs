//! Objects of guests that cross a link: the numbers that stand for them at the other end.
//!
//! An object crosses with the number of this crossing, and with its own. The other end releases each crossing once. The object lives
//! here until all of its crossings are released, and keeps its number meanwhile. So an object that comes again is known at both
//! ends, whatever is on its way.
//!
//! `site::wired::serve` is told of the releases, and binds contracts to the objects.

use std::any::TypeId;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use deno_core::v8;
use rustc_hash::FxHashMap;

use super::Isolate;
use super::realm::Realm;
use crate::value::GivenNumber;

/// An object that crossed.
pub(crate) struct LinkObject {
    number: u64,
    pub(in crate::isolate) object: v8::Global<v8::Object>,
    pub(in crate::isolate) realm: Rc<Realm>,
    /// The contracts that were bound to it.
    bound: RefCell<Vec<ObjectBinding>>,
    shared: Rc<SharedCounts>,
}

/// A contract that was bound to an object.
#[derive(Clone)]
pub(crate) struct ObjectBinding {
    /// All that is known of the contract.
    pub(crate) contract: String,
    /// The name of the contract.
    pub(crate) name: String,
    /// The number of the binding.
    pub(crate) binding: u64,
    /// Which methods the object has.
    pub(crate) exported: Vec<bool>,
}

/// The state that objects change when they are dropped.
#[derive(Default)]
struct SharedCounts {
    /// How many contracts objects have.
    bound: Cell<usize>,
    /// The numbers of objects that are over.
    objects: RefCell<Vec<u64>>,
    /// The numbers of bindings that are over.
    bindings: RefCell<Vec<u64>>,
}

#[derive(Default)]
struct LinkEntries {
    last_object: u64,
    last_crossing: u64,
    objects: FxHashMap<u64, Weak<LinkObject>>,
    crossings: FxHashMap<u64, Rc<LinkObject>>,
}

/// The objects of an isolate's guests that crossed a link.
#[derive(Default)]
pub(in crate::isolate) struct LinkObjects {
    entries: RefCell<LinkEntries>,
    shared: Rc<SharedCounts>,
}

impl LinkObject {
    /// The binding of a contract, if there is one.
    pub(crate) fn binding(&self, contract: &str) -> Option<ObjectBinding> {
        self.bound.borrow().iter().find(|bound| bound.contract == contract).cloned()
    }

    /// A contract was bound.
    pub(crate) fn binds(&self, bound: ObjectBinding) {
        self.shared.bound.set(self.shared.bound.get() + 1);
        self.bound.borrow_mut().push(bound);
    }

    /// The name of the first contract that was bound.
    pub(in crate::isolate) fn name(&self) -> String {
        self.bound.borrow().first().map_or_else(|| "handle".to_owned(), |bound| bound.name.clone())
    }
}

impl Drop for LinkObject {
    fn drop(&mut self) {
        let bound = self.bound.take();
        self.shared.bound.set(self.shared.bound.get() - bound.len());
        self.shared.bindings.borrow_mut().extend(bound.into_iter().map(|bound| bound.binding));
        self.shared.objects.borrow_mut().push(self.number);
    }
}

impl LinkObjects {
    /// How many objects the host holds, each by a contract.
    pub(in crate::isolate) fn count(&self) -> usize {
        self.shared.bound.get()
    }

    /// A crossing of an object of the current realm. No code of a guest runs.
    pub(in crate::isolate) fn give(
        &self,
        scope: &v8::PinScope<'_, '_>,
        realm: &Rc<Realm>,
        object: v8::Local<'_, v8::Object>,
    ) -> Option<GivenNumber> {
        let marks = realm.handles.marks(scope, TypeId::of::<Self>())?;
        let known = marks.number(scope, object).and_then(|number| self.object(number));
        let given = match known {
            Some(known) => known,
            None => {
                let number = self.entries.borrow().last_object + 1;
                marks.mark(scope, object, number)?;
                let (object, realm) = (v8::Global::new(scope, object), realm.clone());
                let (bound, shared) = (RefCell::default(), self.shared.clone());
                let given = Rc::new(LinkObject { number, object, realm, bound, shared });
                let mut entries = self.entries.borrow_mut();
                entries.last_object = number;
                entries.objects.insert(number, Rc::downgrade(&given));
                given
            }
        };
        let mut entries = self.entries.borrow_mut();
        entries.last_crossing += 1;
        let number = GivenNumber { crossing: entries.last_crossing, object: given.number };
        entries.crossings.insert(number.crossing, given);
        Some(number)
    }

    /// The object with this number, while anything holds it.
    pub(in crate::isolate) fn object(&self, number: u64) -> Option<Rc<LinkObject>> {
        self.entries.borrow().objects.get(&number)?.upgrade()
    }

    /// Ends a crossing.
    fn release(&self, crossing: u64) {
        let released = self.entries.borrow_mut().crossings.remove(&crossing);
        drop(released);
    }

    /// Forgets the objects that are over. Returns the numbers of their bindings.
    fn take_ended(&self) -> Vec<u64> {
        let mut entries = self.entries.borrow_mut();
        for number in self.shared.objects.take() {
            entries.objects.remove(&number);
        }
        self.shared.bindings.take()
    }

    /// Ends all objects, before their heap ends.
    pub(super) fn clear(&self) {
        let ended = std::mem::take(&mut self.entries.borrow_mut().crossings);
        drop(ended);
    }
}

impl Isolate {
    /// The object that crossed a link with this number.
    pub(crate) fn link_object(&self, number: u64) -> Option<Rc<LinkObject>> {
        self.given.object(number)
    }

    /// Ends crossings of objects. Returns the numbers of the bindings that are over.
    pub(crate) fn release_crossings(&self, crossings: impl Iterator<Item = u64>) -> Vec<u64> {
        crossings.for_each(|crossing| self.given.release(crossing));
        self.given.take_ended()
    }
}
