//! The calls of objects of guests that are at the other end of a link: [`FarWay`] over a session.
//!
//! The objects themselves are in the peer, and `session::objects` knows which the host holds.

use std::sync::{Arc, Weak};

use super::guest::{ProcessCall, write_call};
use super::message::kind;
use super::session::{About, BindingLease, CallAnswer, FarBindings, Handle, Session};
use crate::error::{DiscardCause, Error, Result};
use crate::isolate::isolate_link::{
    FarCall, FarWay, LaterArguments, LaterResult, ReadResult, WriteArguments,
};
use crate::isolate::method_info::MethodInfo;
use crate::isolate::{ObjectKey, ThreadWay};
use crate::limits::Limits;
use crate::time::Deadline;

/// The way from proxies of any thread to their objects. The way does not keep the sandbox.
struct FarObjects {
    session: Weak<Session>,
    bindings: Arc<FarBindings>,
}

/// Opens the way to the objects of a session.
pub(super) fn open(session: &Arc<Session>) {
    let (link, bindings) = session.far_objects();
    link.set_way(Arc::new(FarObjects { session: Arc::downgrade(session), bindings }));
}

impl FarObjects {
    /// The session, and the binding of a proxy.
    fn find(&self, key: ObjectKey) -> Result<(Arc<Session>, (Handle, BindingLease))> {
        let found = self.session.upgrade().zip(self.bindings.get(key.number));
        found.ok_or_else(|| Error::discarded(DiscardCause::Closed))
    }
}

impl ThreadWay for FarObjects {
    fn wake(&self) {}

    fn far(&self) -> Option<&dyn FarWay> {
        Some(self)
    }
}

/// The subject of a call, for errors.
fn about(method: &MethodInfo<'_>, handle: Handle) -> About {
    About { place: Some(method.place().clone()), realm: handle.realm, is_of_object: true, ..About::default() }
}

impl FarWay for FarObjects {
    fn limits(&self) -> Result<Limits> {
        let session = self.session.upgrade().ok_or_else(|| Error::discarded(DiscardCause::Closed))?;
        Ok(*session.limits())
    }

    fn call(
        &self,
        key: ObjectKey,
        method: &'static MethodInfo<'static>,
        write: &mut WriteArguments<'_>,
        read: &mut ReadResult<'_>,
    ) -> Result<()> {
        let (session, (handle, _lease)) = self.find(key)?;
        session.request(
            about(method, handle),
            (kind::CALL, Some(handle)),
            Deadline::NEVER,
            |limit, out| write_call(&session, handle, method, (limit, out), write),
            |answer| match answer {
                CallAnswer::Value(value) => read(value),
                CallAnswer::Done(..) => None,
            },
        )
    }

    fn begin(
        &self,
        key: ObjectKey,
        method: &'static MethodInfo<'static>,
        write: LaterArguments,
        read: LaterResult,
    ) -> FarCall {
        let (session, (handle, lease)) = match self.find(key) {
            Ok(found) => found,
            Err(error) => return Box::pin(async move { Err(error) }),
        };
        let writer = session.clone();
        Box::pin(ProcessCall::order(
            &session,
            about(method, handle),
            (kind::CALL, Some(handle)),
            Deadline::NEVER,
            move |limit, out| {
                // The object is needed until the call is written.
                let _lease = lease;
                write_call(&writer, handle, method, (limit, out), write)
            },
            |answer| match answer {
                CallAnswer::Value(value) => read(value),
                CallAnswer::Done(..) => None,
            },
        ))
    }
}
