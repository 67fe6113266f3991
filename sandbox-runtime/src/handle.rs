//! [`Handle`]: an implementation of a contract that crosses as a value.

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

use sandbox_core::schema::handle_schema;
use sandbox_core::schemars::{JsonSchema, Schema, SchemaGenerator};
use sandbox_core::value::handle::{self, HANDLE, HandleContract, HostObject};
use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::contract::{ByHandle, Contract, HostContract, Implements};
use crate::engine_types::HandleParts;

/// An implementation of the contract `C` that crosses as a value: `Handle<dyn File>`.
///
/// A method of a contract takes and gives handles as any other value, also in structs, lists and options. The guest gets a
/// frozen object with the methods of the contract. A handle that comes back is the same `Arc`.
///
/// # Objects of a guest
///
/// Where a guest can implement `C`, the guest can give an object too, and the host gets a proxy that implements `C`.
///
/// | what | how |
/// |---|---|
/// | methods | found once, when the object crosses: own or inherited functions, but not those of `Object.prototype`. Later changes of the object change nothing. The object is `this` of each call |
/// | a Proxy | an object of its own: its traps run when it crosses, and it is `this` |
/// | identity | an object that is given twice is one `Arc` while the host holds it. A handle that goes back to its realm is the same object (`===`) |
/// | threads | any thread calls the proxy of a [`Sandbox`](crate::Sandbox), if the values of the method are `Send`. The proxy of a [`LocalSandbox`](crate::LocalSandbox), and of a tenant of a pool, is called on the sandbox's thread |
/// | limits | a call is a call of the guest, with its limits. Inside of a host method the limits are those of the outer call |
/// | end | the object is released when the last `Arc` is dropped. The proxy does not keep the sandbox: after its end or a reset, calls return [`Error::Discarded`](crate::Error::Discarded) |
///
/// # The end of an object of the host
///
/// The object has a method `Symbol.dispose`, where the engine has that symbol. After it, or when the guest has dropped the
/// object, the sandbox drops its `Arc`. A handle that crosses in a call of a method with `#[sandbox(scoped)]` ends with the guest's
/// call. At most [`Limits::handles`](crate::Limits::handles) objects are live at once.
///
/// # Guests in other processes
///
/// An object of the host stays in this process, and the guest calls it here. The contract must be `Send + Sync`; another one is
/// refused with [`Error::HostValue`](crate::Error::HostValue). All objects of a process are dropped when its end is noticed, by
/// the next call. An object of a guest stays in its process too, and any thread calls its proxy.
///
/// ```
/// # #[cfg(feature = "_engine")]
/// # fn main() -> sandbox_runtime::Result<()> {
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// use sandbox_runtime::{Handle, Limits, Result, Sandbox, Script, sandbox_api};
///
/// /// A row after another.
/// #[sandbox_api(host)]
/// pub trait Cursor: Send + Sync {
///     fn next(&self) -> Result<Option<u32>>;
/// }
///
/// #[sandbox_api(host)]
/// pub trait Table {
///     fn open(&self) -> Result<Handle<dyn Cursor>>;
/// }
///
/// #[sandbox_api(guest)]
/// pub trait Report {
///     fn sum(&self) -> Result<u32>;
/// }
///
/// struct UpTo(u32, AtomicU32);
/// impl Cursor for UpTo {
///     fn next(&self) -> Result<Option<u32>> {
///         let row = self.1.fetch_add(1, Ordering::Relaxed);
///         Ok((row <= self.0).then_some(row))
///     }
/// }
///
/// struct Rows;
/// impl Table for Rows {
///     fn open(&self) -> Result<Handle<dyn Cursor>> {
///         Ok(Handle::new(UpTo(4, AtomicU32::new(1))))
///     }
/// }
///
/// let sandbox = Sandbox::builder().limits(Limits::default()).host::<dyn Table>(Rows).build()?;
/// let report = sandbox.load::<dyn Report>(Script::new(
///     "report.js",
///     "export function sum() {
///         const cursor = Table.open();
///         let sum = 0;
///         for (let row; (row = cursor.next()) !== null;) sum += row;
///         return sum;
///     }",
/// ))?;
/// assert_eq!(report.sum()?, 10);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "_engine"))]
/// # fn main() {}
/// ```
pub struct Handle<C: ?Sized>(Arc<C>);

impl<C: ?Sized + HostContract> Handle<C> {
    /// A handle of a new object.
    #[must_use]
    pub fn new(host: impl Implements<C>) -> Self {
        Self(Arc::from(host.into_host()))
    }
}

impl<C: ?Sized + ByHandle> Handle<C> {
    const CONTRACT: HandleContract = HandleContract {
        id: TypeId::of::<C>(),
        name: sandbox_core::spec::written(&C::SPEC.name),
        parts: &const { HandleParts::of::<C>() },
        share: |object| C::SHARE.zip(object.downcast_ref()).map(|(of, object)| (of.share)(object)),
        unshare: |object| {
            object.downcast_ref::<Arc<C>>().map(|object| Rc::new(object.clone()) as Rc<dyn Any>)
        },
        weak: |object| C::SHARE.zip(object.downcast_ref()).map(|(of, object)| (of.weak)(object)),
    };
}

impl<C: ?Sized> Handle<C> {
    /// The object.
    #[must_use]
    pub fn into_arc(self) -> Arc<C> {
        self.0
    }

    /// Whether both are handles of one object.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<C: ?Sized> From<Arc<C>> for Handle<C> {
    fn from(object: Arc<C>) -> Self {
        Self(object)
    }
}

impl<C: ?Sized> Clone for Handle<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<C: ?Sized> Deref for Handle<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.0
    }
}

impl<C: ?Sized + ByHandle> fmt::Debug for Handle<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle<{}>({:p})", C::SPEC.name, Arc::as_ptr(&self.0))
    }
}

impl<C: ?Sized + ByHandle> Serialize for Handle<C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let address = Arc::as_ptr(&self.0).cast::<()>().addr();
        let object = HostObject { contract: Self::CONTRACT, object: Rc::new(self.0.clone()), address };
        handle::offer(object, serializer)
    }
}

impl<'de, C: ?Sized + ByHandle> Deserialize<'de> for Handle<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = || deserializer.deserialize_newtype_struct(HANDLE, Empty(&C::SPEC.name));
        let object = handle::accept(Self::CONTRACT, read)?;
        let object = object.and_then(|object| object.downcast_ref::<Arc<C>>().cloned());
        object.map(Self).ok_or_else(|| {
            D::Error::custom(format_args!(
                "a handle of `{}` is read from a guest's value, and from nothing else",
                C::SPEC.name
            ))
        })
    }
}

impl<C: ?Sized + Contract> JsonSchema for Handle<C> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("HandleOf{}", C::SPEC.name).into()
    }

    fn schema_id() -> Cow<'static, str> {
        format!("{:?}", TypeId::of::<C>()).into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        handle_schema(TypeId::of::<C>(), C::SPEC)
    }
}

/// The content of the newtype, which the source gives beside it.
struct Empty<'n>(&'n str);

impl<'de> Visitor<'de> for Empty<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {}", self.0)
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    // Other formats, which then have no object to give.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, _: D) -> Result<(), D::Error> {
        Ok(())
    }
}
