//! A transport whose results cross a wire within one process.
//!
//! Tests compare its results with those of direct calls.

use std::cell::RefCell;
use std::rc::Rc;

use deno_core::v8;
use sandbox_core::spec::GivenKinds;

use crate::boundary::{ValueError, is_whole};
use crate::contract::{
    ArgumentSink, ArgumentSource, Arguments, Crosses, GuestMethod, Kind, ParamSpec, PlainArguments,
};
use crate::error::{Direction, Error};
use crate::isolate::Isolate;
use crate::isolate::binding::Binding;
use crate::isolate::method_info::MethodInfo;
use crate::isolate::run::Boxed;
use crate::isolate::values::{observed_for_wire, to_host};
use crate::observe::CallKind;
use crate::schema::TypeCheck;
use crate::site::typed::local::Local;
use crate::transport::{Exports, Transport};
use crate::value::JsValue;
use crate::wire::{DecodeBounds, Out, WireArguments, decode, decode_list, encode};

/// The result of reading a value, before it is diagnosed.
#[derive(Clone, Debug, PartialEq)]
pub struct Raw {
    /// The error, if there is one.
    pub error: Option<String>,
    /// The budget that the read used.
    pub spent: usize,
    /// Whether the value needs a second check against its schema.
    pub is_in_doubt: bool,
}

/// A transport that encodes and decodes each result.
#[derive(Clone)]
pub struct Wired {
    local: Local,
    raw: Rc<RefCell<Option<[Raw; 2]>>>,
}

impl Wired {
    /// Wraps another transport.
    #[must_use]
    pub fn new(local: Local) -> Self {
        Self { local, raw: Rc::default() }
    }

    /// The reads of the last result, off the engine and off the wire.
    #[must_use]
    pub fn take_raw(&self) -> Option<[Raw; 2]> {
        self.raw.take()
    }

    fn read<'s, V: Crosses>(
        &self,
        scope: &mut v8::PinScope<'s, '_>,
        isolate: &Isolate,
        (method, binding): (&MethodInfo, &Binding),
        result: v8::Local<'s, v8::Value>,
    ) -> Boxed<V> {
        v8::tc_scope!(let scope, scope);
        let observed = observed_for_wire(scope, &isolate.budget(), result, GivenKinds::Data);
        let thrown = scope.has_caught().then(|| isolate.thrown(scope, Some(method.place())));
        scope.reset();
        let direct = raw(isolate, |budget| {
            to_host::<V>(scope, budget, None, result).map_err(|error| error.inside("result"))
        })
        .1;
        scope.reset();
        let fail = |error: ValueError| error.into_error(method.place(), Direction::ToHost);
        let data = match (observed, thrown) {
            (Ok(data), _) => data,
            (Err(_), Some(thrown)) => return Err(thrown.into()),
            (Err(error), None) => return Err(fail(error.inside("result")).into()),
        };
        let data = sent(isolate, &data);
        let (read, wired) = raw(isolate, |budget| {
            let mut reader = PlainArguments::new(budget, &RESULT, vec![data.clone()]);
            reader.next::<V>()
        });
        let in_doubt = wired.is_in_doubt;
        self.raw.replace(Some([direct, wired]));
        let check = &binding.checks.methods[method.index].returns;
        let read = read.and_then(|value| check.enforce(&value, "result").map(|()| value));
        match read {
            Ok(value) if !in_doubt && !check.is_read_constrained => Ok(value),
            Ok(value) => match ValueError::all(check.diagnose(&data, "result")) {
                None => Ok(value),
                Some(error) => Err(fail(error).into()),
            },
            Err(error) if error.is_first_of_many() && is_whole(&data) => {
                Err(fail(error.with(check.diagnose(&data, "result"))).into())
            }
            Err(error) => Err(fail(error).into()),
        }
    }
}

static RESULT: [ParamSpec; 1] = [ParamSpec::new("result", Kind::Value, sandbox_core::TypeSpec::UNKNOWN)];

/// Arguments as the other side has them, without types.
struct WireSent(Vec<JsValue>);

impl Arguments for WireSent {
    type Owned = Self;
    fn into_owned(self) -> Self {
        self
    }
    fn write<W: ArgumentSink>(self, writer: &mut W) -> Result<(), ValueError> {
        self.0.into_iter().try_for_each(|value| writer.push_tree(value))
    }
    fn enforce(&self, _: &[ParamSpec], _: &[TypeCheck], _: &mut Option<ValueError>) {}
    fn read<S: ArgumentSource>(_: &mut S) -> Result<Self, ValueError> {
        Ok(Self(Vec::new()))
    }
}

fn there(bytes: &[u8]) -> Vec<JsValue> {
    decode_list(bytes, DecodeBounds::TRUSTED)
        .unwrap_or_else(|error| panic!("decoding {bytes:?} failed: {error}"))
}

/// Encodes and decodes data. The result equals the data.
fn sent(isolate: &Isolate, data: &JsValue) -> JsValue {
    let (mut bytes, mut again) = (Out::default(), Out::default());
    encode(data, &mut bytes);
    let there = decode(&*bytes, &isolate.settings.limits);
    let there = there.unwrap_or_else(|error| panic!("decoding {data:?} failed: {error}"));
    encode(&there, &mut again);
    assert_eq!(*bytes, *again, "{data:?} became {there:?} on the wire");
    there
}

fn raw<V>(
    isolate: &Isolate,
    read: impl FnOnce(&crate::boundary::Budget<'_>) -> Result<V, ValueError>,
) -> (Result<V, ValueError>, Raw) {
    let budget = isolate.budget();
    let read = read(&budget);
    let error = read.as_ref().err().map(ToString::to_string);
    (read, Raw { error, spent: budget.spent(), is_in_doubt: budget.is_in_doubt() })
}

impl Exports for Wired {
    fn exports(&self, method: usize) -> bool {
        self.local.exports(method)
    }
}

impl<M: GuestMethod> Transport<M> for Wired {
    fn call(&self, args: M::Args<'_>) -> Result<M::Value, Error> {
        let (isolate, binding) = self.local.parts();
        let method = MethodInfo::billed::<M>();
        let kind = CallKind::Method(method.place());
        Ok(isolate.run(&binding.realm, kind, |scope| {
            let result = {
                v8::tc_scope!(let scope, scope);
                let mut bytes = Out::default();
                let mut writer = WireArguments::new(&mut bytes, &method.spec.params);
                args.write(&mut writer).map_err(|error| method.write_error(error))?;
                isolate.invoke(scope, method, binding, WireSent(there(&bytes)))?
            };
            Ok(self.read::<M::Value>(scope, isolate, (method, binding), result))
        })??)
    }
}
