//! The way of a handle through serde: a handle serializes as a newtype with the name [`HANDLE`], and without content.
//!
//! serde has no values that stand for objects. So the two ends of a crossing meet in a slot of the thread. [`offer`] puts the
//! object there, and the sink takes it while it writes the newtype. [`accept`] says what is expected, and the source puts the
//! object there. Any other format finds an empty newtype, and the handle refuses the format.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::sync::{Arc, Weak};

use serde::ser::{Error as _, Serializer};

use super::{GivenNumber, HandleNumber, JsValue, Unrepresentable};

/// The name of the newtype.
pub const HANDLE: &str = "$sandbox::Handle";

/// The name of the newtype of a batch of a stream's values: a list that only the class of the stream sees.
pub const BATCH: &str = "$sandbox::Batch";

/// The contract of a handle, as the engine needs it.
#[derive(Clone, Copy)]
pub struct HandleContract {
    /// The type id of `C`.
    pub id: TypeId,
    /// The name of the contract.
    pub name: &'static str,
    /// The parts that an engine has of the contract. The runtime knows the type.
    pub parts: &'static (dyn Any + Sync),
    /// Makes an `Arc<C>` one that any thread may use; `None` where `C` is not `Send + Sync`.
    pub share: fn(&dyn Any) -> Option<Shared>,
    /// Makes it an `Arc<C>` again.
    pub unshare: fn(&Shared) -> Option<Rc<dyn Any>>,
    /// The `Arc<C>` without keeping the object; `None` where `C` is not `Send + Sync`.
    pub weak: fn(&dyn Any) -> Option<WeakShared>,
}

/// An `Arc<C>` that any thread may use.
pub type Shared = Arc<dyn Any + Send + Sync>;

/// An `Arc<C>` without keeping the object.
pub trait WeakObject {
    /// The `Arc<C>`, if the object lives.
    fn upgrade(&self) -> Option<Rc<dyn Any>>;
}

/// A [`WeakObject`] that any thread may use.
pub type WeakShared = Box<dyn WeakObject + Send + Sync>;

impl<C: ?Sized + 'static> WeakObject for Weak<C> {
    fn upgrade(&self) -> Option<Rc<dyn Any>> {
        Self::upgrade(self).map(|object| Rc::new(object) as Rc<dyn Any>)
    }
}

/// An object of the host on its way to another process.
#[derive(Clone)]
pub struct SharedObject {
    /// Its contract.
    pub contract: HandleContract,
    /// The object.
    pub object: Shared,
    /// As in [`HostObject`].
    pub address: usize,
}

impl fmt::Debug for SharedObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SharedObject({} at {:x})", self.contract.name, self.address)
    }
}

/// An object of the host, on its way.
#[derive(Clone)]
pub struct HostObject {
    /// Its contract.
    pub contract: HandleContract,
    /// An `Arc<C>`.
    pub object: Rc<dyn Any>,
    /// The address of what the `Arc` holds. Two handles of one object have the same.
    pub address: usize,
}

/// The handles that values of a link can name.
pub trait HandleNumbers {
    /// Whether a value may name this handle. The decoder asks once for each time that a handle is named.
    fn admits(&self, handle: HandleNumber) -> bool;

    /// Whether a handle is of this contract.
    fn is_of(&self, handle: HandleNumber, contract: &HandleContract) -> bool {
        _ = (handle, contract);
        false
    }

    /// The object of a handle: an `Arc<C>` of its contract. `None` for one that was disposed.
    fn object(&self, handle: HandleNumber) -> Option<Rc<dyn Any>> {
        _ = handle;
        None
    }

    /// Whether a value may be this object of the guest. The decoder asks for each that it reads.
    fn gives(&self, given: GivenNumber) -> bool {
        _ = given;
        false
    }

    /// The host's proxy of a guest's object: an `Arc<C>` of the contract. `given` is `None` for a value that is data alone.
    fn guest(
        &self,
        given: Option<GivenNumber>,
        contract: &HandleContract,
        data: &JsValue,
    ) -> Result<Rc<dyn Any>, NoGuestObject> {
        _ = (given, data);
        Err(NoGuestObject { expected: format!("a {} that the host gave", contract.name), found: None })
    }
}

/// Why a value is no object of a contract.
pub struct NoGuestObject {
    /// The words for what is expected.
    pub expected: String,
    /// The words for the value; `None` for those that describe its data.
    pub found: Option<String>,
}

/// An object on its way, as the slot of the thread holds it.
enum Passing {
    Offered(HostObject),
    Numbered(HandleNumber),
    Expected(HandleContract),
    Accepted(Rc<dyn Any>),
}

thread_local! {
    static SLOT: RefCell<Option<Passing>> = const { RefCell::new(None) };
}

fn put(slot: Option<Passing>) -> Option<Passing> {
    SLOT.with(|place| place.replace(slot))
}

/// Serializes a handle. A format that does not know handles is refused.
pub fn offer<S: Serializer>(object: HostObject, serializer: S) -> Result<S::Ok, S::Error> {
    let name = object.contract.name;
    put(Some(Passing::Offered(object)));
    let written = serializer.serialize_newtype_struct(HANDLE, &());
    match put(None) {
        Some(Passing::Offered(_)) if written.is_ok() => Err(S::Error::custom(format_args!(
            "a handle of `{name}` crosses as an argument or a result, and has no other form"
        ))),
        _ => written,
    }
}

/// Serializes the number of a handle. A format that does not know the number writes a text that describes the object.
pub fn offer_number<S: Serializer>(handle: HandleNumber, serializer: S) -> Result<S::Ok, S::Error> {
    put(Some(Passing::Numbered(handle)));
    let written =
        serializer.serialize_newtype_struct(HANDLE, &format_args!("{}", Unrepresentable::Handle(handle)));
    put(None);
    written
}

/// The number that is being serialized.
#[must_use]
pub fn numbered() -> Option<HandleNumber> {
    match put(None) {
        Some(Passing::Numbered(handle)) => Some(handle),
        other => {
            put(other);
            None
        }
    }
}

/// The object that is being serialized.
#[must_use]
pub fn offered() -> Option<HostObject> {
    match put(None) {
        Some(Passing::Offered(object)) => Some(object),
        other => {
            put(other);
            None
        }
    }
}

/// Runs `read`, which deserializes a handle of this contract. Gives the object that the source has put there.
pub fn accept<T, E>(
    contract: HandleContract,
    read: impl FnOnce() -> Result<T, E>,
) -> Result<Option<Rc<dyn Any>>, E> {
    put(Some(Passing::Expected(contract)));
    let read = read();
    let slot = put(None);
    read?;
    Ok(match slot {
        Some(Passing::Accepted(object)) => Some(object),
        _ => None,
    })
}

/// The contract of the handle that is being read.
#[must_use]
pub fn expected() -> Option<HandleContract> {
    SLOT.with(|place| match &*place.borrow() {
        Some(Passing::Expected(contract)) => Some(*contract),
        _ => None,
    })
}

/// Gives the object that stands for the value that is being read.
pub fn accepted(object: Rc<dyn Any>) {
    put(Some(Passing::Accepted(object)));
}

/// The words for a handle that is expected. `methods` are those that an object of a guest must have; `None` where no guest can
/// implement the contract.
#[must_use]
pub fn wanted<T: AsRef<str>>(contract: &str, methods: Option<&[T]>) -> String {
    let Some(methods) = methods else { return format!("a {contract} that the host gave") };
    let methods = methods.iter().map(|method| format!("`{}`", method.as_ref())).collect::<Vec<_>>();
    match methods.as_slice() {
        [] => format!("a {contract} (an object)"),
        [one] => format!("a {contract} (an object with the method {one})"),
        [all @ .., last] => {
            format!("a {contract} (an object with the methods {} and {last})", all.join(", "))
        }
    }
}
