//! What a sandbox does with a guest: evaluating its script, binding a contract to it, calling it.

use std::rc::Rc;
use std::sync::Arc;

use deno_core::v8;

use super::known::Known;
use super::meter::add;
use super::ops::enforce;
use super::run::Boxed;
use super::script::{self, Binding, Exports};
use super::{Catch, Isolate, Realm};
use crate::arguments::Arguments;
use crate::boundary::{ArgumentWriter, ValueError, observed, to_host};
use crate::contract::{ContractSpec, Crosses, GuestContract};
use crate::error::{Direction, Error, LimitKind};
use crate::schema::{ContractChecks, TypeCheck, Violation};
use crate::script::Script;

impl Isolate {
    /// Evaluates a script.
    pub(crate) fn evaluate(
        &self,
        realm: &Rc<Realm>,
        script: &Script,
        deadline: Option<u64>,
    ) -> Result<Exports, Error> {
        let evaluate = || {
            self.allows(script)?;
            let run = |scope: &mut v8::PinScope<'_, '_>| Ok(script::evaluate(self, scope, realm, script)?);
            Ok(self.run_until(realm, deadline, None, run)?)
        };
        evaluate().map_err(|error| script::error_of(error, script.name()))
    }

    /// Whether a script is short enough.
    pub(super) fn allows(&self, script: &Script) -> Result<(), Error> {
        match script.source.len() <= self.settings.limits.script_bytes {
            true => Ok(()),
            false => Err(self.over(LimitKind::Script, None)),
        }
    }

    /// Binds a contract to what a script exports.
    pub(crate) fn bind<C: ?Sized + GuestContract>(&self, exports: &Exports) -> Result<Binding, Error> {
        self.bind_spec(exports, &C::SPEC, || ContractChecks::of::<C>())
    }

    /// The same for a contract as data.
    pub(super) fn bind_spec(
        &self,
        exports: &Exports,
        spec: &'static ContractSpec,
        checks: impl FnOnce() -> Result<Arc<ContractChecks>, String>,
    ) -> Result<Binding, Error> {
        self.is_of_this_life(exports.realm.generation)?;
        let checks = checks().map_err(Error::build)?;
        let methods = self.run(&exports.realm, None, |scope| script::bind(self, scope, exports, spec))?;
        Ok(Binding { methods, checks, realm: exports.realm.clone() })
    }

    /// Calls a method of the guest, within the limits and the caller's own deadline.
    pub(crate) fn call<A: Arguments, V: Crosses>(
        &self,
        method: &Known,
        binding: &Binding,
        args: A,
        deadline: Option<u64>,
    ) -> Result<V, Error> {
        let value = self.run_until(&binding.realm, deadline, Some(method.place()), |scope| {
            v8::tc_scope!(let scope, scope);
            let result = self.invoke(scope, method, binding, args)?;
            self.read_result::<V>(scope, method, binding, result)
        })?;
        Ok(value)
    }

    /// Calls the function that implements a method.
    #[inline]
    pub(super) fn invoke<'s, A: Arguments>(
        &self,
        scope: &mut Catch<'_, '_, 's, '_>,
        method: &Known,
        binding: &Binding,
        args: A,
    ) -> Boxed<v8::Local<'s, v8::Value>> {
        let (params, checks) = (method.spec.params, &binding.checks.methods[method.index]);
        enforce(&args, params, checks).map_err(|error| method.write_error(error))?;
        let budget = self.budget();
        let mut writer = ArgumentWriter::new(scope, &budget, params);
        args.write(&mut writer).map_err(|error| method.write_error(error))?;
        let values = writer.into_values();
        add(&self.running.bytes_in, budget.spent());
        self.apply(scope, method, binding, &values)
    }

    /// Calls the function that implements a method with these values.
    #[inline]
    pub(super) fn apply<'s>(
        &self,
        scope: &mut Catch<'_, '_, 's, '_>,
        method: &Known,
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
        function.call(scope, receiver, values).ok_or_else(|| self.thrown(scope, Some(method.place())).into())
    }

    /// Reads what a method gave, and says all that is wrong with it.
    #[inline]
    pub(super) fn read_result<'s, V: Crosses>(
        &self,
        scope: &mut Catch<'_, '_, 's, '_>,
        method: &Known,
        binding: &Binding,
        result: v8::Local<'s, v8::Value>,
    ) -> Boxed<V> {
        let check = &binding.checks.methods[method.index].returns;
        let budget = self.budget();
        let read = to_host(scope, &budget, result);
        add(&self.running.bytes_out, budget.spent());
        let read: Result<V, ValueError> = read.map_err(|error| error.inside("result"));
        let read = read.and_then(|value| check.enforce(&value, "result").map(|()| value));
        match read {
            Ok(value) if !budget.is_in_doubt() && !check.is_read_constrained => Ok(value),
            Ok(value) => match ValueError::all(self.violations_of_result(scope, check, result)) {
                None => Ok(value),
                Some(error) => Err(error.into_error(method.place(), Direction::ToHost).into()),
            },
            Err(error) => Err(self.unreadable(scope, method, check, (result, error)).into()),
        }
    }

    /// The error of a result that could not be read.
    fn unreadable<'s>(
        &self,
        scope: &mut Catch<'_, '_, 's, '_>,
        method: &Known,
        check: &TypeCheck,
        (result, error): (v8::Local<'s, v8::Value>, ValueError),
    ) -> Error {
        if scope.has_caught() {
            // A getter of the result threw, and that is what went wrong.
            return self.thrown(scope, Some(method.place()));
        }
        let error = match error.is_first_of_many() {
            true => error.with(self.violations_of_result(scope, check, result)),
            false => error,
        };
        error.into_error(method.place(), Direction::ToHost)
    }

    fn violations_of_result<'s>(
        &self,
        scope: &mut Catch<'_, '_, 's, '_>,
        check: &TypeCheck,
        result: v8::Local<'s, v8::Value>,
    ) -> Vec<Violation> {
        v8::tc_scope!(let scope, scope);
        self.violations(scope, [(result, check, "result")])
    }

    /// All that is wrong with values, by the description of their types: they are read once more, and as plain data.
    pub(super) fn violations<'s, 'c>(
        &self,
        scope: &v8::PinScope<'s, '_>,
        values: impl IntoIterator<Item = (v8::Local<'s, v8::Value>, &'c TypeCheck, &'c str)>,
    ) -> Vec<Violation> {
        let budget = self.budget();
        let mut found = Vec::new();
        for (value, check, name) in values {
            if self.is_ended() {
                break;
            }
            match observed(scope, &budget, value) {
                Ok(data) => found.extend(check.diagnose(&data, name)),
                Err(_) => break,
            }
        }
        found
    }
}
