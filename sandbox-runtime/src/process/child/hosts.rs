//! What the parent's hosts are to the guest: calls that are sent, and answers that are waited for, one or many at once.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};

use super::answers::{Given, Woken};
use super::{Answer, Asked, Child, Gone, parse};
use crate::boundary::JsValue;
use crate::error::Error;
use crate::isolate::foreign::{ForeignHost, Later, Refused};
use crate::process::frame::Frame;
use crate::process::message::{HostRefusal, kind};
use crate::process::wire::{self, Bounds};

/// A call that a method of the host makes while the guest waits for it: its number, and what it gives.
pub(super) type Inside = Pin<Box<dyn Future<Output = (u64, Result<JsValue, Error>)>>>;

/// Counts calls that are driven.
struct Driven<'c>(&'c Cell<u32>);

impl<'c> Driven<'c> {
    fn by(drives: &'c Cell<u32>) -> Self {
        drives.set(drives.get() + 1);
        Self(drives)
    }
}

impl Drop for Driven<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Child {
    /// Sends a call of a host method, and gives its number.
    fn request(&self, contract: u16, method: usize, args: &[JsValue]) -> Asked<u64> {
        let id = self.next_call.get() + 1;
        self.next_call.set(id);
        let method = u16::try_from(method).map_err(|_| Gone)?;
        self.send(kind::HOST_CALL, id, |body| {
            body.extend_from_slice(&contract.to_le_bytes());
            body.extend_from_slice(&method.to_le_bytes());
            wire::encode_list(args, body);
            Ok(())
        })?;
        Ok(id)
    }

    /// Waits for what a host method gives, and does meanwhile what the parent asks.
    fn wait_for(&self, id: u64) -> Asked<Given> {
        loop {
            let frame = self.next()?;
            if frame.call == id && matches!(frame.kind, kind::HOST_VALUE | kind::HOST_REFUSAL) {
                return self.given(&frame);
            }
            self.heed(frame)?;
        }
    }

    /// Drives a call that may wait for several host methods at once.
    pub(super) fn drive<T>(&self, future: impl Future<Output = T>) -> Asked<T> {
        // What came too late for the call before is over with it.
        self.is_late.set(false);
        let woken = Woken::new();
        let waker = Waker::from(woken.clone());
        let mut future = std::pin::pin!(future);
        let _driven = Driven::by(&self.drives);
        loop {
            let cx = &mut Context::from_waker(&waker);
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                // What methods of the host have called meanwhile, nobody waits for.
                if self.drives.get() == 1 {
                    let inside = self.inside.take();
                    drop(inside);
                }
                return Ok(output);
            }
            while let Some((id, outcome)) = self.inside.poll(cx) {
                self.answer(id, outcome.map(Answer::Value), &[])?;
            }
            if woken.take() {
                continue;
            }
            // By the clock of the parent the call has to be over. In a moment it is by the clock here as well.
            if self.is_late.replace(false) {
                woken.wait();
                continue;
            }
            match self.answers.are_expected() {
                true => self.heed(self.next()?)?,
                false => woken.wait(),
            }
        }
    }

    /// What an answer of the host says.
    pub(super) fn given(&self, frame: &Frame) -> Asked<Given> {
        if frame.kind == kind::HOST_VALUE {
            let (now, value) = frame.body.split_first_chunk().ok_or(Gone)?;
            self.set_clock(i64::from_le_bytes(*now));
            return wire::decode(self.encoded(value), Bounds::TRUSTED).map(Ok).map_err(|_| Gone);
        }
        let HostRefusal { class, message, fields, source, now, is_late } = parse(&frame.body)?;
        self.set_clock(now);
        if is_late {
            self.is_late.set(true);
        }
        let fields = fields.into_iter().map(|(name, value)| {
            wire::decode(&value, Bounds::TRUSTED).map(|value| (name, value)).map_err(|_| Gone)
        });
        let fields = fields.collect::<Asked<_>>()?;
        Ok(Err(Refused::Told { class, message, fields, source }))
    }

    /// The parent is gone, and the guest is to be ended.
    fn is_left(&self) -> Refused {
        self.is_gone.set(true);
        Refused::Ended
    }
}

/// A host of the parent.
pub(super) struct ParentHost {
    pub(super) child: Weak<Child>,
    pub(super) nth: u16,
}

impl ParentHost {
    fn child(&self) -> Result<Rc<Child>, Refused> {
        self.child.upgrade().ok_or(Refused::Ended)
    }
}

impl ForeignHost for ParentHost {
    fn call(&self, method: usize, args: Vec<JsValue>) -> Result<JsValue, Refused> {
        let child = self.child()?;
        let given = child.request(self.nth, method, &args).and_then(|id| child.wait_for(id));
        given.unwrap_or_else(|Gone| Err(child.is_left()))
    }

    fn begin(&self, method: usize, args: Vec<JsValue>) -> Result<Later, Refused> {
        let child = self.child()?;
        let id = child.request(self.nth, method, &args).map_err(|Gone| child.is_left())?;
        Ok(Box::pin(child.answers.expect(id)))
    }
}
