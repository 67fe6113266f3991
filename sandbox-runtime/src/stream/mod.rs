//! [`Stream`] and [`Items`]: values of one side that the other takes one after the other.
//!
//! Both cross as a handle of an internal contract, whose first method gives the next batch of values. So a side makes values only
//! when the other asks for them. `source` has the contract of the host's streams, and `batch` says how many values a batch of the
//! host has. The classes that a guest sees are in `isolate/shim`. `guest` has the streams of guests, whose contract has a second
//! method: `return` ends the stream.

mod batch;
mod cost;
mod guest;
mod source;

use std::any::TypeId;
use std::borrow::Cow;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use sandbox_core::contract::Crosses;
use sandbox_core::schema::stream_schema;
use sandbox_core::schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use self::source::{Asynchronous, Sequential, StreamSource};
use crate::{Handle, Result};

/// Values that an `async` contract gives one after the other: the guest's async iterable.
///
/// # A stream of the host
///
/// The host's stream is polled only when the guest asks for a value. The guest's loop gets the values in batches: the first
/// batch has one value, and each batch that is full doubles the size of the next. So the host is never further ahead than the
/// number of values that the guest has taken already. A batch has at most 1,024 values and about 64 KiB.
///
/// A value that is an error ends the stream, and the guest's loop throws the error. The host's stream is dropped at its end,
/// when the guest leaves the loop or disposes the stream, when the guest's object is collected, and with the realm. A guest can
/// iterate a stream once.
///
/// # A stream of a guest
///
/// A guest gives an async iterable, or an iterable. The host gets a [`futures::Stream`](futures_core::Stream) of
/// [`Result<T>`](crate::Result). Code of the guest runs only while the host polls for a value that is not there, in batches of the
/// same sizes. Each batch is a call of the guest, with its limits. A value that does not fit, an exception, a limit, and the end of
/// the sandbox ([`Error::Discarded`](crate::Error::Discarded)) are an error as the last item. The drop of the host's stream calls
/// `return` of the guest's iterator, in a turn of its own. Over a link to another process, that is the begin of the realm's next
/// call, or a turn before the next call of another realm.
///
/// A generator of the guest that transforms a stream of the host:
///
/// ```
/// # #[cfg(feature = "_engine")]
/// # fn main() -> sandbox_runtime::Result<()> {
/// use futures_util::{StreamExt as _, stream};
/// use sandbox_runtime::{Result, Sandbox, Script, Stream, sandbox_api};
///
/// #[sandbox_api(guest)]
/// pub trait Filter {
///     async fn filter(&self, numbers: Stream<u32>) -> Result<Stream<u32>>;
/// }
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let sandbox = Sandbox::builder().build()?;
/// let source = "export async function* filter(numbers) {
///     for await (const number of numbers) if (number % 3 === 0) yield number * 100;
/// }";
/// let filter = sandbox.load_async::<dyn Filter>(Script::new("filter.mjs", source)).await?;
/// let found = filter.filter(Stream::new(stream::iter((1..).map(Ok)))).await?;
/// let found = found.take(2).map(Result::unwrap).collect::<Vec<_>>().await;
/// assert_eq!(found, [300, 600]);
/// # Ok(())
/// # })
/// # }
/// # #[cfg(not(feature = "_engine"))]
/// # fn main() {}
/// ```
///
/// The host's stream of the first section:
///
/// ```
/// # #[cfg(feature = "_engine")]
/// # fn main() -> sandbox_runtime::Result<()> {
/// use futures_util::stream;
/// use sandbox_runtime::{Result, Sandbox, Script, Stream, sandbox_api};
///
/// #[sandbox_api(host)]
/// pub trait Events: Send + Sync {
///     async fn since(&self, first: u32) -> Result<Stream<u32>>;
/// }
///
/// #[sandbox_api(guest)]
/// pub trait Adder {
///     async fn add(&self, first: u32) -> Result<u32>;
/// }
///
/// struct Numbers;
///
/// #[sandbox_api]
/// impl Events for Numbers {
///     async fn since(&self, first: u32) -> Result<Stream<u32>> {
///         Ok(Stream::new(stream::iter((first..10).map(Ok))))
///     }
/// }
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let sandbox = Sandbox::builder().host::<dyn Events>(Numbers).build()?;
/// let source = "export async function add(first) {
///     let sum = 0;
///     for await (const number of await Events.since(first)) sum += number;
///     return sum;
/// }";
/// let adder = sandbox.load_async::<dyn Adder>(Script::new("add.mjs", source)).await?;
/// assert_eq!(adder.add(7).await?, 7 + 8 + 9);
/// # Ok(())
/// # })
/// # }
/// # #[cfg(not(feature = "_engine"))]
/// # fn main() {}
/// ```
pub struct Stream<T>(Handle<StreamSource<T, Asynchronous>>, HasFailed);

/// Values that a synchronous contract gives one after the other: the guest's iterable.
///
/// The rules are those of [`Stream`]. The host's iterator is called only while the guest asks for a value. Code of the iterator
/// that calls the guest must not let it ask for the next value: such a request is an error.
///
/// A guest gives any iterable, such as a generator or an array. The host gets an iterator of [`Result<T>`](crate::Result), whose
/// `next` calls the guest. The items of a [`Sandbox`](crate::Sandbox) block the thread, as its synchronous calls do. The
/// items of a [`LocalSandbox`](crate::LocalSandbox) are for its thread.
///
/// ```
/// # #[cfg(feature = "_engine")]
/// # fn main() -> sandbox_runtime::Result<()> {
/// use sandbox_runtime::{Items, LocalSandbox, Result, Script, sandbox_api};
///
/// #[sandbox_api(guest)]
/// pub trait Sequence {
///     fn squares(&self) -> Result<Items<f64>>;
/// }
///
/// let sandbox = LocalSandbox::builder().build()?;
/// let source = "export function* squares() { for (let n = 1;; n++) yield n * n; }";
/// let sequence = sandbox.load::<dyn Sequence>(Script::new("squares.mjs", source))?;
/// let first = sequence.squares()?.take(4).collect::<Result<Vec<_>>>()?;
/// assert_eq!(first, [1.0, 4.0, 9.0, 16.0]);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "_engine"))]
/// # fn main() {}
/// ```
///
/// The host gives items:
///
/// ```
/// # #[cfg(feature = "_engine")]
/// # fn main() -> sandbox_runtime::Result<()> {
/// use sandbox_runtime::{Items, LocalSandbox, Result, Script, sandbox_api};
///
/// #[sandbox_api(host)]
/// pub trait Lines {
///     fn lines(&self) -> Result<Items<String>>;
/// }
///
/// #[sandbox_api(guest)]
/// pub trait Counter {
///     fn count(&self) -> Result<u32>;
/// }
///
/// struct Text;
///
/// impl Lines for Text {
///     fn lines(&self) -> Result<Items<String>> {
///         Ok(Items::new("a\nbc\nd".lines().map(|line| Ok(line.to_owned()))))
///     }
/// }
///
/// let sandbox = LocalSandbox::builder().host::<dyn Lines>(Text).build()?;
/// let source = "export function count() {
///     let count = 0;
///     for (const line of Lines.lines()) count += line.length;
///     return count;
/// }";
/// let counter = sandbox.load::<dyn Counter>(Script::new("count.mjs", source))?;
/// assert_eq!(counter.count()?, 4);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "_engine"))]
/// # fn main() {}
/// ```
pub struct Items<T>(Handle<StreamSource<T, Sequential>>, HasFailed);

impl<T: Send + 'static> Stream<T> {
    /// A stream of the values of another one.
    pub fn new(stream: impl futures_core::Stream<Item = Result<T>> + Send + 'static) -> Self {
        Self(Arc::new(StreamSource::new(Box::pin(stream))).into(), HasFailed::default())
    }
}

impl<T: Send + 'static> Items<T> {
    /// The values of an iterator.
    pub fn new(items: impl IntoIterator<Item = Result<T>, IntoIter: Send + 'static>) -> Self {
        let source = StreamSource::new(Box::pin(WithoutWaiting(items.into_iter())));
        Self(Arc::new(source).into(), HasFailed::default())
    }
}

/// Whether the host got an error of the stream, behind which no value follows.
///
/// A guest can give a stream back while code of the host makes the stream's next value. The stream refuses each request of that
/// code, so a loop that passes over errors would never end.
#[derive(Default)]
struct HasFailed(bool);

impl HasFailed {
    fn note<T>(&mut self, item: Option<Result<T>>) -> Option<Result<T>> {
        self.0 = matches!(item, Some(Err(_)));
        item
    }
}

/// An iterator as a stream that never waits.
struct WithoutWaiting<I>(I);

// The iterator is not pinned.
impl<I> Unpin for WithoutWaiting<I> {}

impl<I: Iterator> futures_core::Stream for WithoutWaiting<I> {
    type Item = I::Item;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<I::Item>> {
        Poll::Ready(self.0.next())
    }
}

/// The values of a guest, and those of a host that no guest has taken.
impl<T: Crosses + Send> futures_core::Stream for Stream<T> {
    type Item = Result<T>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        let Self(source, failed) = self.get_mut();
        if failed.0 { Poll::Ready(None) } else { source.poll_one(cx).map(|item| failed.note(item)) }
    }
}

/// The values of a guest, and those of a host that no guest has taken.
impl<T: Crosses + Send> Iterator for Items<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        let Self(source, failed) = self;
        if failed.0 {
            return None;
        }
        match source.poll_one(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(item) => failed.note(item),
            // An iterator never waits.
            Poll::Pending => None,
        }
    }
}

macro_rules! crosses {
    ($($name:ident $is_async:literal)*) => {$(
        impl<T: Crosses + Send> Serialize for $name<T> {
            fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                self.0.serialize(serializer)
            }
        }

        /// Reads a stream that the host gave, and of which the guest has taken nothing, or an iterable of the guest.
        impl<'de, T: Crosses + Send> Deserialize<'de> for $name<T> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                Handle::deserialize(deserializer).map(|source| Self(source, HasFailed::default()))
            }
        }

        impl<T: JsonSchema + 'static> JsonSchema for $name<T> {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                format!("{}Of{}", stringify!($name), T::schema_name()).into()
            }

            fn schema_id() -> Cow<'static, str> {
                format!("{:?}", TypeId::of::<Self>()).into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                stream_schema($is_async, generator.subschema_for::<T>())
            }
        }

        impl<T> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}
crosses!(Stream true Items false);
