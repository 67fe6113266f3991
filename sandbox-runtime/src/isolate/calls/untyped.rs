//! Calls of guest methods that are known as data alone: by number, with plain data.
//!
//! The transports of `site`, and `site::wired::serve`, call these functions of [`Isolate`]. The side that has the schemas of
//! the contract checks the values.

use std::rc::Rc;
use std::sync::Arc;

use deno_core::v8;
use sandbox_core::contract::ArgumentSink as _;

use super::binding::Binding;
use super::flights::{Flying, Leg};
use crate::error::{Direction, Error, Place};
use crate::isolate::limits::ticket::Ticket;
use crate::isolate::run::Boxed;
use crate::isolate::state::method_info::{MethodInfo, UntypedMethods};
use crate::isolate::state::realm::Realm;
use crate::isolate::state::{Catch, Isolate};
use crate::isolate::values::{ArgumentWriter, observed_for_wire};
use crate::observe::CallKind;
use crate::time::Deadline;
use crate::value::{Cancellation, JsValue};

impl Isolate {
    /// Calls an `async` method of the guest.
    pub(crate) fn fly_untyped(
        self: &Rc<Self>,
        (methods, index): (&Arc<UntypedMethods>, usize),
        binding: &Rc<Binding>,
        args: Vec<JsValue>,
        ticket: Ticket,
    ) -> Flying<UntypedLeg> {
        let call = UntypedLeg { binding: binding.clone(), methods: methods.clone(), index, args: Some(args) };
        Flying::new(self.clone(), call, ticket)
    }

    /// Calls a method of the guest.
    pub(crate) fn call_untyped(
        &self,
        method: &MethodInfo,
        binding: &Binding,
        args: Vec<JsValue>,
        deadline: Deadline,
    ) -> Result<JsValue, Error> {
        let kind = CallKind::Method(method.place());
        self.end_streams_of_others(&binding.realm, None);
        let value = self.run_until(&binding.realm, deadline, kind, |scope| {
            self.end_streams_now();
            v8::tc_scope!(let scope, scope);
            let result = self.invoke_untyped(scope, method, binding, args)?;
            self.read_untyped(scope, method, result)
        })?;
        Ok(value)
    }

    fn invoke_untyped<'s>(
        &self,
        scope: &mut Catch<'_, '_, 's, '_>,
        method: &MethodInfo,
        binding: &Binding,
        args: Vec<JsValue>,
    ) -> Boxed<v8::Local<'s, v8::Value>> {
        let budget = self.budget().scoped(method.spec.is_scoped);
        let mut writer = ArgumentWriter::new(scope, &budget, &method.spec.params);
        let written = args.into_iter().try_for_each(|value| writer.push_tree(value));
        let written = written.and_then(|()| match method.spec.is_cancellable {
            true => writer.push_cancellation(&Cancellation::new()),
            false => Ok(()),
        });
        written.map_err(|error| method.write_error(error))?;
        let values = writer.into_values();
        self.call.add_in(budget.spent());
        self.apply(scope, method, binding, &values)
    }

    fn read_untyped<'s>(
        &self,
        scope: &mut Catch<'_, '_, 's, '_>,
        method: &MethodInfo,
        result: v8::Local<'s, v8::Value>,
    ) -> Boxed<JsValue> {
        let budget = self.budget().scoped(method.spec.is_scoped);
        let read = observed_for_wire(scope, &budget, result, method.spec.gives);
        self.call.add_out(budget.spent());
        read.map_err(|error| match scope.has_caught() {
            true => self.thrown(scope, Some(method.place())).into(),
            false => error.inside("result").into_error(method.place(), Direction::ToHost).into(),
        })
    }
}

/// A call of an `async` method.
pub(crate) struct UntypedLeg {
    binding: Rc<Binding>,
    methods: Arc<UntypedMethods>,
    index: usize,
    /// The arguments, until the call has begun.
    args: Option<Vec<JsValue>>,
}

impl UntypedLeg {
    fn method(&self) -> MethodInfo<'_> {
        self.methods.at(self.index)
    }
}

impl Leg for UntypedLeg {
    type Output = JsValue;

    fn place(&self) -> Option<&Place> {
        Some(self.method().place())
    }

    fn realm(&self) -> &Rc<Realm> {
        &self.binding.realm
    }

    fn begin<'s>(
        &mut self,
        isolate: &Isolate,
        scope: &mut v8::PinScope<'s, '_>,
    ) -> Result<v8::Local<'s, v8::Value>, Error> {
        isolate.end_streams_now();
        let args = self.args.take().unwrap_or_default();
        v8::tc_scope!(let scope, scope);
        Ok(isolate.invoke_untyped(scope, &self.method(), &self.binding, args)?)
    }

    fn finish<'s>(
        &mut self,
        isolate: &Isolate,
        scope: &mut v8::PinScope<'s, '_>,
        value: v8::Local<'s, v8::Value>,
    ) -> Result<JsValue, Error> {
        v8::tc_scope!(let scope, scope);
        Ok(isolate.read_untyped(scope, &self.method(), value)?)
    }
}
