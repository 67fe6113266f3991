//! The uses of a guest: evaluating a script, binding a contract to it, calling its methods.
//!
//! The sites call these functions of [`Isolate`] on its thread. All guest code runs inside of `Isolate::run`, within
//! the limits.

use std::rc::Rc;
use std::sync::Arc;

use deno_core::v8;
use sandbox_core::contract::{Arguments, ContractSpec, Crosses, enforce};

use super::binding::{self, Binding};
use super::node_callback;
use super::script::{self, ScriptExports};
use crate::boundary::ValueError;
use crate::error::{Conversion, Direction, Error};
use crate::isolate::run::Boxed;
use crate::isolate::run::conversion::converted;
use crate::isolate::state::method_info::MethodInfo;
use crate::isolate::state::realm::Realm;
use crate::isolate::state::{Catch, Isolate};
use crate::isolate::values::{ArgumentWriter, Seen, to_host};
use crate::observe::CallKind;
use crate::schema::ContractChecks;
use crate::script::Script;
use crate::time::Deadline;
#[cfg(feature = "process")]
use {
    crate::error::ExportProblem, crate::isolate::state::link_objects::LinkObject,
    crate::isolate::values::methods_of,
};

impl Isolate {
    /// Evaluates a script.
    pub(crate) fn evaluate(
        &self,
        realm: &Rc<Realm>,
        script: &Script,
        deadline: Deadline,
    ) -> Result<ScriptExports, Error> {
        let evaluate = || {
            script::allows(&self.settings.limits, script)?;
            let run = |scope: &mut v8::PinScope<'_, '_>| Ok(script::evaluate(self, scope, realm, script)?);
            Ok(self.run_until(realm, deadline, CallKind::Evaluation { script: script.name() }, run)?)
        };
        evaluate().map_err(|error| script::error_of(error, script))
    }

    /// Binds a contract to what a script exports.
    pub(crate) fn bind(
        &self,
        exports: &ScriptExports,
        spec: &ContractSpec,
        checks: impl FnOnce() -> Result<Arc<ContractChecks>, Error>,
        deadline: Deadline,
    ) -> Result<Binding, Error> {
        self.is_of_this_life(exports.realm.generation)?;
        let checks = checks()?;
        let kind = CallKind::Binding { contract: &spec.name };
        let bind = |scope: &mut v8::PinScope<'_, '_>| {
            if spec.has_cancellations() {
                exports.realm.add_signals(scope, self).ok_or_else(|| self.ended(None))?;
            }
            Ok(binding::bind(self, scope, exports, spec)?)
        };
        let methods = self.run_until(&exports.realm, deadline, kind, bind)?;
        Ok(Binding { methods, checks, realm: exports.realm.clone() })
    }

    /// Binds a contract to an object that crossed a link.
    #[cfg(feature = "process")]
    pub(crate) fn bind_object(
        &self,
        object: &LinkObject<Realm>,
        spec: &ContractSpec,
        deadline: Deadline,
    ) -> Result<Binding, Error> {
        self.is_of_this_life(object.realm.generation)?;
        let kind = CallKind::Binding { contract: &spec.name };
        let methods = self.run_until(&object.realm, deadline, kind, |scope| {
            v8::tc_scope!(let scope, scope);
            self.has_room().map_err(|_| self.ended(None))?;
            if spec.has_cancellations() {
                object.realm.add_signals(scope, self).ok_or_else(|| self.ended(None))?;
            }
            let found = v8::Local::new(scope, &object.object);
            let found = methods_of(self, scope, found, spec).ok_or_else(|| self.thrown(scope, None))?;
            if found.wrong.is_empty() {
                return Ok(found.methods);
            }
            let problems = found.wrong.into_iter().map(|(name, found)| match found {
                Some(found) => ExportProblem::not_a_function(name, found),
                None => ExportProblem::missing(name, &[]),
            });
            Err(Error::mismatch(spec.name.clone(), String::new(), problems.collect(), Vec::new()).into())
        })?;
        Ok(Binding { methods, checks: ContractChecks::elsewhere(), realm: object.realm.clone() })
    }

    /// Calls a method of the guest, within the limits and the caller's own deadline.
    pub(crate) fn call<A: Arguments, V: Crosses>(
        &self,
        method: &MethodInfo,
        binding: &Binding,
        args: A,
        deadline: Deadline,
    ) -> Result<V, Error> {
        let kind = CallKind::Method(method.place());
        let value = self.run_until(&binding.realm, deadline, kind, |scope| {
            v8::tc_scope!(let scope, scope);
            let result = self.invoke(scope, method, binding, args)?;
            self.read_result::<V>(scope, method, binding, result)
        })?;
        Ok(value)
    }

    /// Calls the function that implements a method.
    #[inline]
    pub(crate) fn invoke<'s, A: Arguments>(
        &self,
        scope: &mut Catch<'_, '_, 's, '_>,
        method: &MethodInfo,
        binding: &Binding,
        args: A,
    ) -> Boxed<v8::Local<'s, v8::Value>> {
        let (params, checks) = (&*method.spec.params, &binding.checks.methods[method.index]);
        let budget = self.budget().scoped(method.spec.is_scoped);
        let mut writer = ArgumentWriter::new(scope, &budget, params);
        let written = converted(method, Conversion::Arguments, || {
            enforce(&args, params, checks)?;
            args.write(&mut writer)
        })?;
        written.map_err(|error| method.write_error(error))?;
        let values = writer.into_values();
        self.call.add_in(budget.spent());
        self.apply(scope, method, binding, &values)
    }

    /// Calls the function that implements a method with these values.
    #[inline]
    pub(in crate::isolate) fn apply<'s>(
        &self,
        scope: &mut Catch<'_, '_, 's, '_>,
        method: &MethodInfo,
        binding: &Binding,
        values: &[v8::Local<'s, v8::Value>],
    ) -> Boxed<v8::Local<'s, v8::Value>> {
        let Some(bound) = binding.method(method.index) else {
            return Err(Box::new(method.not_exported()));
        };
        let function = v8::Local::new(scope, &bound.function);
        let receiver = match &bound.receiver {
            Some(receiver) => v8::Local::new(scope, receiver).into(),
            None => v8::undefined(scope).into(),
        };
        if method.spec.calls_back {
            let called = node_callback::call(scope, &binding.realm, (function, receiver), values);
            return called.ok_or_else(|| self.thrown(scope, Some(method.place())).into());
        }
        function.call(scope, receiver, values).ok_or_else(|| self.thrown(scope, Some(method.place())).into())
    }

    /// Reads the result of a method, and reports all that is wrong with it.
    #[inline]
    pub(in crate::isolate) fn read_result<'s, V: Crosses>(
        &self,
        scope: &mut Catch<'_, '_, 's, '_>,
        method: &MethodInfo,
        binding: &Binding,
        result: v8::Local<'s, v8::Value>,
    ) -> Boxed<V> {
        let check = &binding.checks.methods[method.index].returns;
        let (budget, seen) =
            (self.budget().scoped(method.spec.is_scoped), check.observation().map(Seen::new));
        let read = converted(method, Conversion::Result, || {
            let read = to_host(scope, &budget, seen.as_ref(), result);
            let read: Result<V, ValueError> = read.map_err(|error| error.inside("result"));
            read.and_then(|value| check.enforce(&value, "result").map(|()| value))
        });
        self.call.add_out(budget.spent());
        let read = read?;
        let values = [(result, check, "result")];
        match read {
            Ok(value) if !budget.is_in_doubt() && !check.is_read_constrained => Ok(value),
            Ok(value) => match self.check_again(scope, seen, values) {
                Ok(()) => Ok(value),
                Err(error) => Err(error.into_error(method.place(), Direction::ToHost).into()),
            },
            // A getter of the result threw, and that is the error.
            Err(_) if scope.has_caught() => Err(self.thrown(scope, Some(method.place())).into()),
            Err(error) => {
                let error = self.diagnosed(scope, seen, error, values);
                Err(error.into_error(method.place(), Direction::ToHost).into())
            }
        }
    }
}
