//! The host contracts of a link's other end, as the guest calls them: calls are sent as frames, and answers are awaited.
//!
//! [`RemoteHost`] implements `DataHost` for the isolate.

use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;

use super::answers::{AnswerFuture, Given};
use super::handles::HeldNumber;
use super::{Asked, Gone, GuestServer, parse};
use crate::isolate::data_host::{DataAnswer, DataHost, Later, Refused};
use crate::site::wired::message::{HostRefusal, kind};
use crate::value::{Cancellation, JsValue};
use crate::wire::frame::Frame;
use crate::wire::{self, DecodeBounds};

impl GuestServer {
    /// Sends a call of a host method, and returns its number. The guest continues or waits, as the method is `async` or not.
    fn request(
        &self,
        (contract, method): (u16, usize),
        handle: Option<u64>,
        flight: u64,
        args: &[JsValue],
        waits: bool,
    ) -> Asked<u64> {
        let id = self.next_call.get() + 1;
        self.next_call.set(id);
        let method = u16::try_from(method).map_err(|_| Gone)?;
        let owner = self.flights.call(flight);
        self.release()?;
        let kind = if handle.is_some() { kind::HANDLE_CALL } else { kind::HOST_CALL };
        self.send(kind, id, waits, |body| {
            body.extend_from_slice(&contract.to_le_bytes());
            body.extend_from_slice(&method.to_le_bytes());
            body.extend_from_slice(&owner.to_le_bytes());
            handle.iter().for_each(|handle| body.extend_from_slice(&handle.to_le_bytes()));
            wire::encode_list(args, body);
            Ok(())
        })?;
        Ok(id)
    }

    /// Waits for the result of a host method, and serves the host's nested requests meanwhile. Other requests are served
    /// after the guest's turn.
    fn wait_for(self: &Rc<Self>, id: u64) -> Asked<Given> {
        let answer = self.answers.expect(id);
        loop {
            let frame = self.next()?;
            let is_for_now = match frame.kind {
                kind::HOST_VALUE | kind::HOST_REFUSAL | kind::CONTRACT => true,
                // A frame that was put off may name the objects.
                kind::DROP => self.put_off.borrow().is_empty(),
                // The cancellation of a postponed call is postponed too.
                kind::CANCEL => self.flights.knows(frame.call),
                other => other & kind::INSIDE != 0,
            };
            match is_for_now {
                true => self.accept(frame)?,
                false => self.put_off.borrow_mut().push_back(frame),
            }
            if let Some(given) = answer.take(None) {
                return Ok(given);
            }
        }
    }

    /// Decodes the answer of a host method.
    pub(super) fn given(&self, frame: &Frame) -> Asked<Given> {
        if frame.kind == kind::HOST_VALUE {
            let (now, value) = frame.body.split_first_chunk().ok_or(Gone)?;
            self.set_clock(i64::from_le_bytes(*now));
            let (value, objects) = self.decoded(value, |value, bounds| wire::decode(value, bounds))?;
            return Ok(Ok(DataAnswer::Value(value, objects)));
        }
        let HostRefusal { class, message, fields, source, now, ends } = parse(&frame.body)?;
        self.set_clock(now);
        if ends {
            return Ok(Ok(DataAnswer::TooManyHandles));
        }
        let fields = fields.into_iter().map(|(name, value)| {
            let value = BASE64.decode(value).map_err(|_| Gone)?;
            wire::decode(value.as_slice(), DecodeBounds::TRUSTED).map(|value| (name, value)).map_err(|_| Gone)
        });
        let fields = fields.collect::<Asked<_>>()?;
        Ok(Err(Refused::Told { class, message, fields, source }))
    }

    /// The refusal when the host is gone, which ends the guest.
    fn is_left(&self) -> Refused {
        self.is_gone.set(true);
        Refused::Ended
    }
}

/// A host contract that the other end implements, or the methods of one of its objects.
pub(super) struct RemoteHost {
    pub(super) server: Weak<GuestServer>,
    pub(super) nth: u16,
    /// The number of the object, which is released with this.
    pub(super) object: Option<HeldNumber>,
}

impl RemoteHost {
    fn server(&self) -> Result<Rc<GuestServer>, Refused> {
        self.server.upgrade().ok_or(Refused::Ended)
    }

    /// Sends a call, and returns its number.
    fn request(
        &self,
        server: &GuestServer,
        method: usize,
        flight: u64,
        args: &[JsValue],
        waits: bool,
    ) -> Asked<u64> {
        let object = self.object.as_ref().map(HeldNumber::number);
        server.request((self.nth, method), object, flight, args, waits)
    }
}

impl DataHost for RemoteHost {
    fn call(&self, method: usize, call: u64, args: Vec<JsValue>) -> Result<DataAnswer, Refused> {
        let server = self.server()?;
        let given = self.request(&server, method, call, &args, true).and_then(|id| server.wait_for(id));
        given.unwrap_or_else(|Gone| Err(server.is_left()))
    }

    fn begin(
        &self,
        method: usize,
        flight: u64,
        args: Vec<JsValue>,
        cancellation: Option<&Cancellation>,
    ) -> Result<Later, Refused> {
        let server = self.server()?;
        let id = self.request(&server, method, flight, &args, false);
        let id = id.map_err(|Gone| server.is_left())?;
        let answer = server.answers.expect(id);
        let Some(cancellation) = cancellation.cloned() else { return Ok(Box::pin(answer)) };
        let owner = server.flights.call(flight);
        Ok(Box::pin(AbortableAnswer { answer, server: self.server.clone(), id, owner, cancellation }))
    }
}

/// The answer of a host method that the guest's signal can end. The host is told when this is dropped for that.
struct AbortableAnswer {
    answer: AnswerFuture,
    server: Weak<GuestServer>,
    id: u64,
    owner: u64,
    /// Cancelled before this is dropped, if the guest's signal ends the call.
    cancellation: Cancellation,
}

impl Future for AbortableAnswer {
    type Output = Given;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Given> {
        Pin::new(&mut self.answer).poll(cx)
    }
}

impl Drop for AbortableAnswer {
    fn drop(&mut self) {
        let Some(server) = self.server.upgrade().filter(|_| self.cancellation.is_cancelled()) else { return };
        let sent = server.send(kind::HOST_ABORT, self.id, false, |body| {
            body.extend_from_slice(&self.owner.to_le_bytes());
            Ok(())
        });
        if sent.is_err() {
            server.is_gone.set(true);
        }
    }
}
