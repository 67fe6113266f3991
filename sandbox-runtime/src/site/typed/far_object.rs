//! The calls of a guest's object at the other end of a link: the values move as bytes over a [`FarWay`].

use std::sync::Arc;

use super::object::{ObjectCall, packs, unpacked};
use super::worker::thread_is_gone;
use crate::contract::{Arguments as _, GuestMethod, checks};
use crate::error::Result;
use crate::isolate::isolate_link::{FarCall, FarWay};
use crate::isolate::method_info::MethodInfo;
use crate::isolate::{ObjectKey, ThreadWay};
use crate::site::encoded_call::{allow, read, write};

/// Calls a method, and waits for the result.
pub(super) fn call<M: GuestMethod>(far: &dyn FarWay, key: ObjectKey, args: M::Args<'_>) -> Result<M::Value> {
    let (method, checks, limits) =
        (MethodInfo::billed::<M>(), checks::<M::Contract>()?, far.limits().map_err(at::<M>)?);
    let checks = &checks.methods[M::INDEX];
    allow(method, &args, checks)?;
    let (mut args, mut value) = (Some(args), None);
    let called = far.call(
        key,
        method,
        &mut |out| args.take().map_or(Ok(Ok(())), |args| write(method, args, out)),
        &mut |encoded| {
            let outcome = read::<M::Value>(method, &checks.returns, encoded, &limits)?;
            Some(outcome.map(|read| value = Some(read)))
        },
    );
    called.map_err(at::<M>)?;
    value.ok_or_else(thread_is_gone)
}

/// Makes a call of an `async` method.
pub(super) fn begin<M: GuestMethod>(
    way: &Arc<dyn ThreadWay>,
    key: ObjectKey,
    args: M::Args<'_>,
) -> ObjectCall<M::Value> {
    let begun = begun::<M>(way, key, args);
    Box::pin(async move { unpacked(begun?.await.map_err(at::<M>)?) })
}

fn begun<M: GuestMethod>(way: &Arc<dyn ThreadWay>, key: ObjectKey, args: M::Args<'_>) -> Result<FarCall> {
    let far = way.far().ok_or_else(thread_is_gone)?;
    let (method, checks, limits) =
        (MethodInfo::billed::<M>(), checks::<M::Contract>()?, far.limits().map_err(at::<M>)?);
    allow(method, &args, &checks.methods[M::INDEX])?;
    let packs = packs::<M>()?;
    let args = (packs.args)(args.into_owned());
    Ok(far.begin(
        key,
        method,
        Box::new(move |out| write(method, unpacked::<M::Owned>(args)?, out)),
        Box::new(move |encoded| {
            let outcome = read::<M::Value>(method, &checks.methods[M::INDEX].returns, encoded, &limits)?;
            Some(outcome.map(packs.value))
        }),
    ))
}

/// An error that names the method.
fn at<M: GuestMethod>(error: crate::error::Error) -> crate::error::Error {
    error.at(MethodInfo::billed::<M>().place())
}
