//! Calls of guest methods by callers that do not know the method's types: from plain data to plain data.
//!
//! `testing` makes [`GuestCall`]s through a `LocalSandbox`. The transports poll [`MethodLeg`]s.
//!
//! The method alone knows the types. So the arguments are read as the method's arguments, and the call is an ordinary
//! one.

use std::rc::Rc;

use deno_core::v8;
use sandbox_core::contract::{Arguments, GuestMethod, Method};

use super::binding::Binding;
use super::flights::{Flying, Leg};
use crate::boundary::{ValueError, plain};
use crate::error::{Direction, Error, Place};
use crate::isolate::limits::ticket::Ticket;
use crate::isolate::state::Isolate;
use crate::isolate::state::method_info::MethodInfo;
use crate::isolate::state::realm::Realm;
use crate::isolate::values::{ArgumentReader, Passed, to_guest};
use crate::observe::CallKind;
use crate::time::Deadline;
use crate::value::JsValue;

type Plainly = fn(&Rc<Isolate>, &Rc<Binding>, &[JsValue]) -> Result<JsValue, Error>;

/// A guest method as a function over plain data.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct GuestCall(Plainly);

impl GuestCall {
    /// The call of a method.
    #[must_use]
    pub const fn of<M: GuestMethod>() -> Self {
        Self(call::<M>)
    }

    /// The call of an `async` method, which waits for its promise.
    #[must_use]
    pub const fn of_async<M: GuestMethod>() -> Self {
        Self(call_async::<M>)
    }

    /// Calls it. Arguments that are not of the method's types are refused as a value that goes to the guest.
    pub(crate) fn call(
        &self,
        isolate: &Rc<Isolate>,
        binding: &Rc<Binding>,
        args: &[JsValue],
    ) -> Result<JsValue, Error> {
        (self.0)(isolate, binding, args)
    }
}

fn call<M: GuestMethod>(
    isolate: &Rc<Isolate>,
    binding: &Rc<Binding>,
    args: &[JsValue],
) -> Result<JsValue, Error> {
    let args = isolate.typed::<M>(binding, args)?;
    told::<M>(isolate.call(MethodInfo::billed::<M>(), binding, args, Deadline::NEVER)?)
}

fn call_async<M: GuestMethod>(
    isolate: &Rc<Isolate>,
    binding: &Rc<Binding>,
    args: &[JsValue],
) -> Result<JsValue, Error> {
    let args = isolate.typed::<M>(binding, args)?;
    let call = MethodLeg::<M>::fly(isolate.clone(), binding.clone(), args, Ticket::new(Deadline::NEVER));
    told::<M>(block_on(call)??)
}

/// Drives a future to its end, with the timers of a Tokio runtime. Refused inside of another runtime.
pub(crate) fn block_on<F: Future>(future: F) -> Result<F::Output, Error> {
    if tokio::runtime::Handle::try_current().is_ok() {
        return Err(Error::blocking(
            "fuzzing `async` methods starts a Tokio runtime, and this thread is inside of another: call it from an ordinary thread",
        ));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::system("Tokio runtime", &error))?;
    Ok(runtime.block_on(future))
}

fn told<M: GuestMethod>(value: M::Value) -> Result<JsValue, Error> {
    plain(&value).map_err(|error| {
        error.inside("result").into_error(MethodInfo::billed::<M>().place(), Direction::ToHost)
    })
}

/// A call of an `async` method, with arguments as plain data.
pub(crate) struct MethodLeg<M: GuestMethod> {
    binding: Rc<Binding>,
    /// The arguments, until the call has begun.
    args: Option<M::Owned>,
}

impl<M: GuestMethod> MethodLeg<M> {
    /// A call that begins when it is first polled.
    pub(crate) fn fly(
        isolate: Rc<Isolate>,
        binding: Rc<Binding>,
        args: M::Owned,
        ticket: Ticket,
    ) -> Flying<Self> {
        Flying::new(isolate, Self { binding, args: Some(args) }, ticket)
    }
}

impl<M: GuestMethod> Leg for MethodLeg<M> {
    type Output = M::Value;

    fn place(&self) -> Option<&Place> {
        Some(MethodInfo::billed::<M>().place())
    }

    fn realm(&self) -> &Rc<Realm> {
        &self.binding.realm
    }

    fn begin<'s>(
        &mut self,
        isolate: &Isolate,
        scope: &mut v8::PinScope<'s, '_>,
    ) -> Result<v8::Local<'s, v8::Value>, Error> {
        match self.args.take() {
            Some(args) => {
                v8::tc_scope!(let scope, scope);
                Ok(isolate.invoke(scope, MethodInfo::billed::<M>(), &self.binding, args)?)
            }
            None => Err(isolate.ended(self.place())),
        }
    }

    fn finish<'s>(
        &mut self,
        isolate: &Isolate,
        scope: &mut v8::PinScope<'s, '_>,
        value: v8::Local<'s, v8::Value>,
    ) -> Result<M::Value, Error> {
        v8::tc_scope!(let scope, scope);
        Ok(isolate.read_result(scope, MethodInfo::billed::<M>(), &self.binding, value)?)
    }
}

impl Isolate {
    /// Arguments as values of a method's types. They are made in the guest's realm, and no code of the guest sees them.
    fn typed<M: Method>(&self, binding: &Binding, args: &[JsValue]) -> Result<M::Owned, Error> {
        let kind = CallKind::Method(MethodInfo::billed::<M>().place());
        self.run(&binding.realm, kind, |scope| {
            let (budget, params) = (self.budget(), &*M::spec().params);
            let values = args.iter().map(|value| to_guest(scope, &budget, value));
            let method = MethodInfo::billed::<M>();
            let values = values.collect::<Result<Vec<_>, ValueError>>();
            let values = values.map_err(|error| method.write_error(error))?;
            let budget = self.budget();
            let arguments = Passed::List(scope, &values);
            let mut reader = ArgumentReader { budget: &budget, params, arguments, seen: None, next: 0 };
            M::Owned::read(&mut reader).map_err(|error| method.write_error(error))
        })
    }
}
