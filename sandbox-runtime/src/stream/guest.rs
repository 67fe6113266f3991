//! Streams of guests for the host: a host's stream that calls the guest for each batch.
//!
//! The guest's side, `isolate/shim/guest_stream.js`, keeps the items of its last batch until the host asks for more. So
//! items that cannot be read together, because they are too much for a crossing or one of them is wrong, are asked for
//! again, beginning with a batch of one item. Each full batch that can be read doubles the size of the next one.
//!
//! A batch of an asynchronous stream ends when its next item has to be waited for. The request goes on, because code of the guest
//! that waits for the host belongs to it. The items that are there are given to a callback of the request.

use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use sandbox_core::boundary::ValueError;
use sandbox_core::contract::{
    Contract, ContractSpec, Crosses, GuestMethod, Kind, Method, MethodSpec, Packing, ParamSpec, SendProbe,
    Val,
};
use sandbox_core::panic::of_host;
use sandbox_core::spec::{HandleForm, TypeSpec};
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::source::{Asynchronous, Iteration, Sequential};
use crate::callback::Callback;
use crate::engine_types::ObjectTransport;
use crate::error::{Direction, Place};
use crate::transport::{AsyncTransport, Transport};
use crate::{Error, Result};

/// The most items of a batch. The guest's side has the bound of the sandbox's limits.
const MOST: u32 = 1024;

const fn param(name: &'static str) -> ParamSpec {
    ParamSpec::new(name, Kind::Value, TypeSpec::UNKNOWN)
}

/// The request of a batch: the most items, whether those of the batch before were taken, and what takes items ahead.
const NEXT: MethodSpec = MethodSpec::new("next", "next", "").returns(TypeSpec::UNKNOWN);
const RETURN: MethodSpec = MethodSpec::new("return", "return", "");
const SEQUENTIAL: &[ParamSpec] = &[param("items"), param("taken")];
const ASYNCHRONOUS: &[ParamSpec] = &[param("items"), param("taken"), param("ahead")];

/// The contract of a guest's `Items`.
pub(super) const ITEMS: &ContractSpec =
    &ContractSpec::new("Items", "", const { &[NEXT.takes(SEQUENTIAL), RETURN] })
        .guest_only()
        .form(HandleForm::Items);

/// The contract of a guest's `Stream`.
pub(super) const STREAM: &ContractSpec =
    &ContractSpec::new("Stream", "", const { &[NEXT.takes(ASYNCHRONOUS).asynchronous(), RETURN] })
        .guest_only()
        .form(HandleForm::Stream);

/// Stands for the contract of a guest's stream.
pub(super) struct GuestSource<T, F>(PhantomData<(T, F)>);

impl<T: Crosses, F: Iteration> Contract for GuestSource<T, F> {
    const SPEC: &'static ContractSpec = F::OF_GUEST;
}

/// Stands for the request of a batch.
struct NextOfGuest<T, F>(PhantomData<(T, F)>);

type Asked = (Val<u32>, (Val<bool>, ()));
type AskedAhead<T> = (Val<u32>, (Val<bool>, (Val<Option<Ahead<T>>>, ())));
/// Takes the items that are there while the next one is waited for.
type Ahead<T> = Callback<fn(GivenBatch<T>) -> Result<()>>;

/// The method, for one kind of streams.
macro_rules! next_of_guest {
    ($Form:ident, $Args:ty, $params:ident) => {
        impl<T: Crosses + Send> Method for NextOfGuest<T, $Form> {
            type Contract = GuestSource<T, $Form>;
            type Args<'a> = $Args;
            type Owned = $Args;
            const PARAMS: &'static [ParamSpec] = $params;
            const INDEX: usize = 0;
        }

        impl<T: Crosses + Send> GuestMethod for NextOfGuest<T, $Form> {
            type Returns = Result<GivenBatch<T>>;
            type Value = GivenBatch<T>;
            const PACKS: Packing<Self> = SendProbe::<$Args, GivenBatch<T>>::PACKS;
        }
    };
}

next_of_guest!(Sequential, Asked, SEQUENTIAL);
next_of_guest!(Asynchronous, AskedAhead<T>, ASYNCHRONOUS);

/// Items that a guest gives at once: a list of whether others follow, and the items behind that.
struct GivenBatch<T> {
    goes_on: bool,
    items: Vec<T>,
}

/// Values that cross can be written. The host gives no such batch.
impl<T> Serialize for GivenBatch<T> {
    fn serialize<S: Serializer>(&self, _: S) -> std::result::Result<S::Ok, S::Error> {
        Err(S::Error::custom("a batch of a guest's stream is given by the guest"))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for GivenBatch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_seq(BatchVisitor(PhantomData))
    }
}

struct BatchVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for BatchVisitor<T> {
    type Value = GivenBatch<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a batch of a stream")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<GivenBatch<T>, A::Error> {
        let goes_on = list.next_element()?.ok_or_else(|| A::Error::custom("an empty batch"))?;
        let mut items = Vec::with_capacity(list.size_hint().unwrap_or_default().min(MOST as usize));
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(GivenBatch { goes_on, items })
    }
}

/// The size of the next batch, and what the host has got.
struct Pace {
    /// The most items of the next batch.
    size: u32,
    /// The most items of the last request.
    asked: u32,
    /// Whether the items of the last batch were read.
    is_taken: bool,
    /// How many items were read.
    read: usize,
    is_over: bool,
}

impl Pace {
    const BEGIN: Self = Self { size: 1, asked: 1, is_taken: true, read: 0, is_over: false };

    /// A request of a batch.
    fn ask(&mut self) -> (u32, bool) {
        self.asked = self.size;
        (self.asked, std::mem::replace(&mut self.is_taken, true))
    }

    /// Notes what the request has brought. A full batch doubles the size of the next one, and another one takes it back.
    fn answered(&mut self, count: usize, goes_on: bool) {
        let came = u32::try_from(count).unwrap_or(MOST);
        self.size = if came >= self.asked { self.asked.saturating_mul(2).min(MOST) } else { came.max(1) };
        self.read += count;
        self.is_over = !goes_on;
    }

    /// Whether items that could not be read are asked for again, beginning with one. Otherwise the error is the last item.
    fn failed(&mut self, error: Error) -> Option<Error> {
        if self.asked > 1 && matches!(error, Error::Value(_) | Error::Guest(_)) {
            (self.size, self.is_taken) = (1, false);
            return None;
        }
        self.is_over = true;
        Some(self.located(error))
    }

    /// Names the item in an error of a batch that has one.
    fn located(&self, mut error: Error) -> Error {
        if let Error::Value(refused) = &mut error {
            for violation in &mut refused.violations {
                if let Some(inside) = violation.path.strip_prefix("result[1]") {
                    violation.path = format!("items[{}]{inside}", self.read);
                }
            }
        }
        error
    }
}

/// The items of a guest, one after the other.
pub(super) struct GuestItems<T> {
    items: std::vec::IntoIter<T>,
    pace: Pace,
    transport: ObjectTransport,
}

impl<T> GuestItems<T> {
    pub(super) fn new(transport: ObjectTransport) -> Self {
        Self { items: Vec::new().into_iter(), pace: Pace::BEGIN, transport }
    }
}

impl<T: Crosses + Send> Iterator for GuestItems<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        loop {
            if let Some(item) = self.items.next() {
                return Some(Ok(item));
            }
            if self.pace.is_over {
                return None;
            }
            let (size, taken) = self.pace.ask();
            let args = (Val(size), (Val(taken), ()));
            match Transport::<NextOfGuest<T, Sequential>>::call(&self.transport, args) {
                Ok(batch) => {
                    self.pace.answered(batch.items.len(), batch.goes_on);
                    self.items = batch.items.into_iter();
                    if self.pace.is_over {
                        self.transport.is_over();
                    }
                }
                Err(error) => {
                    if let Some(error) = self.pace.failed(error) {
                        return Some(Err(error));
                    }
                }
            }
        }
    }
}

type BatchFuture<T> = Pin<Box<dyn Future<Output = Result<GivenBatch<T>>> + Send>>;

/// The stream of a guest.
pub(super) struct GuestStream<T: Crosses + Send> {
    items: VecDeque<T>,
    /// The request under way. Its drop comes before that of the transport.
    request: Option<BatchFuture<T>>,
    early: Arc<EarlyItems<T>>,
    ahead: Ahead<T>,
    /// How many items of the request came early.
    came: usize,
    pace: Pace,
    /// The error behind the items, which ends the stream.
    failure: Option<Error>,
    transport: ObjectTransport,
}

/// Items that came before the answer of their request. A guest can call what takes them at any time, so the request bounds them.
struct EarlyItems<T>(Mutex<EarlySlot<T>>);

struct EarlySlot<T> {
    items: Vec<T>,
    /// How many items may still come for the request under way.
    open: usize,
    waker: Option<Waker>,
}

impl<T> Default for EarlySlot<T> {
    fn default() -> Self {
        Self { items: Vec::new(), open: 0, waker: None }
    }
}

impl<T> EarlyItems<T> {
    fn slot(&self) -> MutexGuard<'_, EarlySlot<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a request bring this many items.
    fn open(&self, most: u32) {
        self.slot().open = most as usize;
    }

    /// Refuses items from now on. Returns those that came.
    fn close(&self) -> Vec<T> {
        let slot = std::mem::take(&mut *self.slot());
        drop(slot.waker);
        slot.items
    }

    /// Adds the items of the request under way. Refuses those that it has not asked for.
    fn add(&self, items: Vec<T>) -> Result<()> {
        let mut slot = self.slot();
        let Some(open) = slot.open.checked_sub(items.len()) else {
            let (most, count) = (slot.open, items.len());
            drop(slot);
            let error = ValueError::new(format!("at most {most} items of a request"), format!("{count}"));
            return Err(error.into_error(&Place::named(&"Stream".into(), &"next".into()), Direction::ToHost));
        };
        slot.open = open;
        slot.items.extend(items);
        let waker = slot.waker.take();
        drop(slot);
        waker.into_iter().for_each(|waker| of_host(|| waker.wake()));
        Ok(())
    }

    /// Takes the items, and has the waker woken when others come.
    fn take(&self, waker: &Waker) -> Vec<T> {
        let mut slot = self.slot();
        let before = slot.waker.replace(waker.clone());
        let items = std::mem::take(&mut slot.items);
        drop(slot);
        drop(before);
        items
    }
}

impl<T: Crosses + Send> GuestStream<T> {
    pub(super) fn new(transport: ObjectTransport) -> Self {
        let early = Arc::new(EarlyItems(Mutex::default()));
        let to = early.clone();
        let ahead = Callback::new(move |batch: GivenBatch<T>| to.add(batch.items));
        let (items, pace) = (VecDeque::new(), Pace::BEGIN);
        Self { items, request: None, early, ahead, came: 0, pace, failure: None, transport }
    }

    fn take_early(&mut self, waker: &Waker) {
        // A batch of one item has none that comes early.
        if self.pace.asked > 1 {
            let early = self.early.take(waker);
            self.came += early.len();
            self.items.extend(early);
        }
    }

    /// Polls the request under way, or makes the next one.
    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (pace, early, ahead, transport) = (&mut self.pace, &self.early, &self.ahead, &self.transport);
        let request = self.request.get_or_insert_with(|| {
            let (size, taken) = pace.ask();
            let ahead = (size > 1).then(|| {
                early.open(size);
                ahead.clone()
            });
            let args = (Val(size), (Val(taken), (Val(ahead), ())));
            Box::pin(AsyncTransport::<NextOfGuest<T, Asynchronous>>::call_async(transport, args))
        });
        let polled = request.as_mut().poll(cx);
        self.take_early(cx.waker());
        let Poll::Ready(answer) = polled else { return Poll::Pending };
        self.request = None;
        if self.pace.asked > 1 {
            // Items may have come since the last look.
            let last = self.early.close();
            self.came += last.len();
            self.items.extend(last);
        }
        let came = std::mem::take(&mut self.came);
        match answer {
            Ok(batch) => {
                self.pace.answered(came + batch.items.len(), batch.goes_on);
                self.items.extend(batch.items);
                if self.pace.is_over {
                    self.transport.is_over();
                }
            }
            Err(error) => {
                self.pace.read += came;
                self.failure = self.pace.failed(error);
            }
        }
        Poll::Ready(())
    }
}

impl<T: Crosses + Send> Drop for GuestStream<T> {
    /// The callback of a request can outlive the stream.
    fn drop(&mut self) {
        let items = self.early.close();
        drop(items);
    }
}

/// No field is pinned.
impl<T: Crosses + Send> Unpin for GuestStream<T> {}

impl<T: Crosses + Send> futures_core::Stream for GuestStream<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        loop {
            if let Some(item) = self.items.pop_front() {
                return Poll::Ready(Some(Ok(item)));
            }
            if self.pace.is_over {
                return Poll::Ready(self.failure.take().map(Err));
            }
            if self.advance(cx).is_pending() && self.items.is_empty() {
                return Poll::Pending;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Wakes;

    impl std::task::Wake for Wakes {
        fn wake(self: Arc<Self>) {}
    }

    /// A guest can call at any time what takes items ahead.
    #[test]
    fn no_more_items_come_ahead_than_a_request_asks_for() {
        let early = EarlyItems(Mutex::default());
        let is_refused = |items: Vec<u8>| matches!(early.add(items), Err(Error::Value(_)));
        assert!(is_refused(vec![1]));
        early.open(3);
        assert!(is_refused(vec![1; 4]));
        early.add(vec![1, 2]).expect("the request asks for them");
        assert!(is_refused(vec![3, 4]));
        early.add(vec![3]).expect("the request asks for them");
        assert!(is_refused(vec![4]));
        let wakes = Arc::new(Wakes);
        let waker = Waker::from(wakes.clone());
        assert_eq!(early.take(&waker), [1, 2, 3]);
        drop(waker);
        assert!(early.close().is_empty() && is_refused(vec![5]));
        assert_eq!(Arc::strong_count(&wakes), 1);
        early.open(2);
        early.add(vec![6]).expect("the request asks for them");
        assert_eq!(early.close(), [6]);
        assert!(is_refused(vec![7]));
    }
}
