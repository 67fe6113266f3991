//! Objects of guests that cross a link: the numbers that stand for them at the other end.
//!
//! An object crosses with the number of this crossing, and with its own. The other end releases each crossing once. The object lives
//! here until all of its crossings are released, and keeps its number meanwhile. So an object that comes again is known at both
//! ends, whatever is on its way.
//!
//! `site::wired::serve` is told of the releases, and binds contracts to the objects.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use deno_core::v8;
use rustc_hash::FxHashMap;

use crate::value::GivenNumber;

/// An object that crossed, of the realm `R`.
pub(crate) struct LinkObject<R> {
    number: u64,
    pub(in crate::isolate) object: v8::Global<v8::Object>,
    pub(in crate::isolate) realm: Rc<R>,
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

struct LinkEntries<R> {
    last_object: u64,
    last_crossing: u64,
    objects: FxHashMap<u64, Weak<LinkObject<R>>>,
    crossings: FxHashMap<u64, Rc<LinkObject<R>>>,
}

/// The objects of an isolate's guests that crossed a link.
pub(in crate::isolate) struct LinkObjects<R> {
    entries: RefCell<LinkEntries<R>>,
    shared: Rc<SharedCounts>,
}

impl<R> Default for LinkObjects<R> {
    fn default() -> Self {
        let (objects, crossings) = (FxHashMap::default(), FxHashMap::default());
        let entries = LinkEntries { last_object: 0, last_crossing: 0, objects, crossings };
        Self { entries: RefCell::new(entries), shared: Rc::default() }
    }
}

impl<R> LinkObject<R> {
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

impl<R> Drop for LinkObject<R> {
    fn drop(&mut self) {
        let bound = self.bound.take();
        self.shared.bound.set(self.shared.bound.get() - bound.len());
        self.shared.bindings.borrow_mut().extend(bound.into_iter().map(|bound| bound.binding));
        self.shared.objects.borrow_mut().push(self.number);
    }
}

impl<R> LinkObjects<R> {
    /// How many objects the host holds, each by a contract.
    pub(in crate::isolate) fn count(&self) -> usize {
        self.shared.bound.get()
    }

    /// A crossing of an object of a realm. `known` is the number that the object is marked with, and `mark` marks it.
    pub(in crate::isolate) fn give(
        &self,
        realm: &Rc<R>,
        known: Option<u64>,
        mark: impl FnOnce(u64) -> Option<v8::Global<v8::Object>>,
    ) -> Option<GivenNumber> {
        let given = match known.and_then(|number| self.object(number)) {
            Some(known) => known,
            None => {
                let number = self.entries.borrow().last_object + 1;
                let (object, realm) = (mark(number)?, realm.clone());
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
    pub(in crate::isolate) fn object(&self, number: u64) -> Option<Rc<LinkObject<R>>> {
        self.entries.borrow().objects.get(&number)?.upgrade()
    }

    /// Ends crossings. Returns the numbers of the bindings that are over.
    pub(super) fn release(&self, crossings: impl Iterator<Item = u64>) -> Vec<u64> {
        for crossing in crossings {
            let released = self.entries.borrow_mut().crossings.remove(&crossing);
            drop(released);
        }
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
