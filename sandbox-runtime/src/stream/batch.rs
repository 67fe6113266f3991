//! Batches: how many values cross at once.

use std::pin::Pin;
use std::task::{Context, Poll};

use sandbox_core::boundary::BatchBounds;
use sandbox_core::contract::Crosses;
use sandbox_core::panic::unless_it_panics;
use sandbox_core::value::handle::BATCH;
use serde::de::Error as _;
use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::cost::Cost;
use crate::{HostPanic, Result};

/// Takes the room of an item. Returns whether there was as much.
fn fits<T: Serialize>(room: &mut BatchBounds, item: &T) -> bool {
    let Some(cost) = Cost::of(item) else { return false };
    let (values, bytes) = (room.values.checked_sub(cost.values), room.bytes.checked_sub(cost.bytes));
    (room.values, room.bytes) = (values.unwrap_or(0), bytes.unwrap_or(0));
    values.is_some() && bytes.is_some() && cost.depth <= room.depth
}

/// Values that cross at once: an array of the values, and behind them whether others follow.
pub(crate) struct Batch<T> {
    items: Vec<T>,
    goes_on: bool,
}

impl<T> Batch<T> {
    pub(super) const END: Self = Self { items: Vec::new(), goes_on: false };

    #[cfg(test)]
    pub(super) fn into_first(self) -> Option<T> {
        self.items.into_iter().next()
    }
}

impl<T: Serialize> Serialize for Batch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(BATCH, &BatchList(self))
    }
}

/// The content of the newtype.
struct BatchList<'b, T>(&'b Batch<T>);

impl<T: Serialize> Serialize for BatchList<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let Batch { items, goes_on } = self.0;
        let mut list = serializer.serialize_seq(Some(items.len() + 1))?;
        items.iter().try_for_each(|item| list.serialize_element(item))?;
        list.serialize_element(goes_on)?;
        list.end()
    }
}

/// Values that cross can be read. A guest gives its batches as `GivenBatch`, and none as this type.
impl<'de, T> Deserialize<'de> for Batch<T> {
    fn deserialize<D: Deserializer<'de>>(_: D) -> std::result::Result<Self, D::Error> {
        Err(D::Error::custom("a batch of a stream is given by the host"))
    }
}

/// The host's stream, and what was polled of it and did not cross.
pub(super) struct Producer<T> {
    /// `None` at its end, behind an error, and when its code panicked.
    stream: Option<Pin<Box<dyn futures_core::Stream<Item = Result<T>> + Send>>>,
    held: Option<Result<T>>,
}

impl<T> Producer<T> {
    pub(super) fn new(stream: Pin<Box<dyn futures_core::Stream<Item = Result<T>> + Send>>) -> Self {
        Self { stream: Some(stream), held: None }
    }

    /// Whether no value follows.
    pub(super) fn is_over(&self) -> bool {
        self.stream.is_none() && self.held.is_none()
    }

    pub(super) fn next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        if let Some(held) = self.held.take() {
            return Poll::Ready(Some(held));
        }
        let Some(stream) = &mut self.stream else { return Poll::Ready(None) };
        let polled = unless_it_panics(|| stream.as_mut().poll_next(cx));
        let polled = polled.unwrap_or_else(|| Poll::Ready(Some(Err(HostPanic::error()))));
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.stream = None;
        }
        polled
    }
}

impl<T: Crosses> Producer<T> {
    /// The next batch: the values that are there without waiting, and at least one. An error comes alone.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, mut bounds: BatchBounds) -> Poll<Result<Batch<T>>> {
        let mut items = Vec::new();
        while items.len() < bounds.items {
            match self.next(cx) {
                Poll::Pending if items.is_empty() => return Poll::Pending,
                Poll::Pending | Poll::Ready(None) => break,
                Poll::Ready(Some(Err(error))) if items.is_empty() => return Poll::Ready(Err(error)),
                Poll::Ready(Some(Err(error))) => {
                    self.held = Some(Err(error));
                    break;
                }
                Poll::Ready(Some(Ok(item))) if bounds.items == 1 => items.push(item),
                Poll::Ready(Some(Ok(item))) => match (fits(&mut bounds, &item), items.is_empty()) {
                    (true, _) => items.push(item),
                    (false, true) => {
                        items.push(item);
                        break;
                    }
                    (false, false) => {
                        self.held = Some(Ok(item));
                        break;
                    }
                },
            }
        }
        Poll::Ready(Ok(Batch { items, goes_on: !self.is_over() }))
    }
}
