//! The link from values of any thread to an isolate: the host's proxies of a guest's objects have one.
//!
//! A link does not keep the isolate. On the isolate's own thread it leads to the isolate. On another thread it notes which
//! objects are no longer needed, and the isolate ends them when it has its next turn.

use std::any::Any;
use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustc_hash::FxHashMap;
#[cfg(feature = "process")]
use {
    super::method_info::MethodInfo,
    crate::boundary::ValueError,
    crate::error::Result,
    crate::limits::Limits,
    crate::wire::{Encoded, Out},
    sandbox_core::contract::Packed,
    std::pin::Pin,
};

use super::Isolate;

thread_local! {
    /// The isolates of this thread, by the numbers of their links.
    static ISOLATES: RefCell<FxHashMap<LinkNumber, Weak<Isolate>>> = RefCell::default();
}

/// The number of a link, which leads to its isolate on the isolate's thread.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct LinkNumber(u64);

impl LinkNumber {
    /// The isolate, if this is its thread.
    pub(crate) fn isolate(self) -> Option<Rc<Isolate>> {
        ISOLATES.try_with(|isolates| isolates.borrow().get(&self).and_then(Weak::upgrade)).ok()?
    }
}

/// The way to an isolate's thread, for isolates that have a thread of their own. `site` knows the type.
pub(crate) trait ThreadWay: Any + Send + Sync {
    /// Lets the isolate have a turn, in which it ends what was released.
    fn wake(&self);

    /// The way over a link to another process, if this is one.
    #[cfg(feature = "process")]
    fn far(&self) -> Option<&dyn FarWay> {
        None
    }
}

/// The way to the objects of guests at the other end of a link. `site::wired` knows the type.
#[cfg(feature = "process")]
pub(crate) trait FarWay {
    /// The limits of the sandbox.
    fn limits(&self) -> Result<Limits>;

    /// Calls a method of an object. `write` writes the arguments, and `read` gets the result; `None` of it ends the peer.
    fn call(
        &self,
        key: ObjectKey,
        method: &'static MethodInfo<'static>,
        write: &mut WriteArguments<'_>,
        read: &mut ReadResult<'_>,
    ) -> Result<()>;

    /// Makes a call of an `async` method, which begins at the first poll.
    fn begin(
        &self,
        key: ObjectKey,
        method: &'static MethodInfo<'static>,
        write: LaterArguments,
        read: LaterResult,
    ) -> FarCall;
}

/// Writes the arguments of a call.
#[cfg(feature = "process")]
pub(crate) type WriteArguments<'w> = dyn FnMut(&mut Out) -> Result<Result<(), ValueError>> + 'w;

/// Takes the result of a call.
#[cfg(feature = "process")]
pub(crate) type ReadResult<'r> = dyn FnMut(Encoded<'_>) -> Option<Result<()>> + 'r;

/// Writes the arguments of a call of an `async` method.
#[cfg(feature = "process")]
pub(crate) type LaterArguments = Box<dyn FnOnce(&mut Out) -> Result<Result<(), ValueError>> + Send>;

/// Takes the result of a call of an `async` method.
#[cfg(feature = "process")]
pub(crate) type LaterResult = Box<dyn FnOnce(Encoded<'_>) -> Option<Result<Packed>> + Send>;

/// The future of a call of an `async` method.
#[cfg(feature = "process")]
pub(crate) type FarCall = Pin<Box<dyn Future<Output = Result<Packed>> + Send>>;

/// See the module.
pub(crate) struct IsolateLink {
    number: LinkNumber,
    is_closed: AtomicBool,
    /// The numbers of objects, and whether the guest has ended each.
    released: Mutex<Vec<(u64, bool)>>,
    /// Whether `released` has elements.
    has_released: AtomicBool,
    way: OnceLock<Arc<dyn ThreadWay>>,
}

impl IsolateLink {
    pub(crate) fn new() -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Arc::new(Self {
            number: LinkNumber(NEXT.fetch_add(1, Ordering::Relaxed)),
            is_closed: AtomicBool::new(false),
            released: Mutex::default(),
            has_released: AtomicBool::new(false),
            way: OnceLock::new(),
        })
    }

    /// Makes the isolate known on its thread.
    pub(in crate::isolate) fn opens(&self, isolate: &Rc<Isolate>) {
        ISOLATES.with_borrow_mut(|isolates| isolates.insert(self.number, Rc::downgrade(isolate)));
    }

    /// The isolate is dropped.
    pub(crate) fn closes(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
        // At the end of a thread the table may be gone.
        _ = ISOLATES.try_with(|isolates| isolates.borrow_mut().remove(&self.number));
    }

    /// Whether the isolate was dropped.
    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::SeqCst)
    }

    /// The isolate, if this is its thread.
    pub(crate) fn isolate(&self) -> Option<Rc<Isolate>> {
        self.number.isolate()
    }

    /// The number of the link.
    pub(crate) fn number(&self) -> LinkNumber {
        self.number
    }

    /// Sets the way to the isolate's thread.
    pub(crate) fn set_way(&self, way: Arc<dyn ThreadWay>) {
        _ = self.way.set(way);
    }

    /// The way to the isolate's thread.
    pub(crate) fn way(&self) -> Option<&Arc<dyn ThreadWay>> {
        self.way.get()
    }

    /// Notes that an object is no longer needed.
    fn release(&self, object: u64, is_over: bool) {
        if self.is_closed() {
            return;
        }
        let is_first = {
            let mut released = self.released.lock().unwrap_or_else(PoisonError::into_inner);
            released.push((object, is_over));
            !self.has_released.swap(true, Ordering::SeqCst)
        };
        if let Some(way) = self.way().filter(|_| is_first) {
            way.wake();
        }
    }

    /// Whether objects are no longer needed.
    #[cfg(feature = "process")]
    pub(crate) fn has_released(&self) -> bool {
        self.has_released.load(Ordering::SeqCst)
    }

    /// Takes the objects that are no longer needed.
    pub(crate) fn take_released(&self) -> Vec<(u64, bool)> {
        if !self.has_released.load(Ordering::SeqCst) {
            return Vec::new();
        }
        let mut released = self.released.lock().unwrap_or_else(PoisonError::into_inner);
        self.has_released.store(false, Ordering::SeqCst);
        std::mem::take(&mut *released)
    }
}

/// The transport of the host's proxy of a guest's object. The guest's object is held as long as this lives.
#[doc(hidden)]
pub struct ObjectTransport {
    pub(crate) link: Arc<IsolateLink>,
    /// The number of the object in its isolate.
    pub(crate) number: u64,
    /// The number of its realm; 0 over a link to another process.
    pub(crate) realm: u64,
    /// The number of resets before.
    pub(in crate::isolate) generation: u64,
    /// Which methods the object has; `None` for all.
    pub(in crate::isolate) has: Option<Box<[bool]>>,
    /// Whether the guest has ended the object.
    pub(in crate::isolate) is_over: AtomicBool,
}

impl ObjectTransport {
    /// A transport over a link to another process.
    #[cfg(feature = "process")]
    pub(crate) fn far(link: Arc<IsolateLink>, number: u64, has: &[bool]) -> Self {
        let has = has.contains(&false).then(|| has.into());
        Self { link, number, realm: 0, generation: 0, has, is_over: AtomicBool::new(false) }
    }

    /// Whether the object has the method.
    pub(crate) fn has(&self, method: usize) -> bool {
        self.has.as_ref().is_none_or(|has| has.get(method).copied().unwrap_or(false))
    }

    /// Notes that the guest has ended the object, a stream. Otherwise the guest is told when this is dropped.
    pub(crate) fn is_over(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// The identity of the object, for a call.
    pub(crate) fn key(&self) -> ObjectKey {
        ObjectKey { number: self.number, generation: self.generation }
    }
}

impl Drop for ObjectTransport {
    fn drop(&mut self) {
        let is_over = *self.is_over.get_mut();
        match self.link.isolate() {
            Some(isolate) => isolate.end_object(self.number, is_over),
            None => self.link.release(self.number, is_over),
        }
    }
}

/// The identity of an object of a guest in its isolate.
#[derive(Clone, Copy)]
pub(crate) struct ObjectKey {
    pub(crate) number: u64,
    pub(in crate::isolate) generation: u64,
}
