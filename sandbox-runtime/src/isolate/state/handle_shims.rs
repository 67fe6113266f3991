//! The classes of a realm for objects of the host that a guest holds: one for each contract whose handles cross.

use std::any::TypeId;
use std::cell::RefCell;
use std::rc::Rc;

use deno_core::v8;
use rustc_hash::FxHashMap;

use super::guest_streams::StreamShim;
use super::host::{ContractKey, Host};
use super::op::HandleCall;
use super::returned::Returned;
use crate::boundary::BatchBounds;
use crate::isolate::engine::compile::{compile_function, get};
use crate::isolate::engine::list;
use crate::isolate::engine::text::js_string;
use crate::isolate::shim;
use crate::limits::Limits;

/// Values of a realm that the classes need, captured before a guest can change them, and the classes that there are.
pub(in crate::isolate) struct HandleShims {
    /// `Object.freeze`.
    pub(in crate::isolate) freeze: v8::Global<v8::Value>,
    /// `Symbol.dispose`, or `undefined`.
    dispose: v8::Global<v8::Value>,
    /// `Symbol.iterator`, `Symbol.asyncIterator` and `Promise`, which streams need.
    iteration: [v8::Global<v8::Value>; 3],
    /// The functions of guests' streams.
    pub(in crate::isolate) streams: StreamShim,
    classes: RefCell<FxHashMap<ContractKey, Rc<HandleClass>>>,
    /// The functions of the intrinsic `WeakMap`: the constructor, `get` and `set`.
    weak_map: [v8::Global<v8::Function>; 3],
    /// The numbers of the guest's own objects that the host holds.
    marks: RefCell<FxHashMap<TypeId, Rc<ObjectMarks>>>,
}

/// The numbers of a guest's objects, by a contract: a `WeakMap` that no code of a guest sees. An object can be frozen, and a Proxy
/// has a number of its own.
pub(in crate::isolate) struct ObjectMarks {
    map: v8::Global<v8::Object>,
    get: v8::Global<v8::Function>,
    set: v8::Global<v8::Function>,
}

/// The class of a contract.
pub(in crate::isolate) struct HandleClass {
    make: v8::Global<v8::Function>,
    number: v8::Global<v8::Function>,
    /// The prototype of the objects; `None` for functions.
    prototype: Option<v8::Global<v8::Object>>,
}

impl HandleShims {
    /// The intrinsic `Promise`.
    pub(in crate::isolate) fn promise(&self) -> &v8::Global<v8::Value> {
        let [.., promise] = &self.iteration;
        promise
    }

    /// The parts that the classes of the current realm need.
    pub(in crate::isolate) fn of(scope: &v8::PinScope<'_, '_>) -> Option<Self> {
        let global = scope.get_current_context().global(scope);
        let member = |object: &str, name: &str| {
            let object = get(scope, global, object)?.try_cast::<v8::Object>().ok()?;
            get(scope, object, name).map(|value| v8::Global::new(scope, value))
        };
        let (freeze, dispose) = (member("Object", "freeze")?, member("Symbol", "dispose")?);
        let promise = v8::Global::new(scope, get(scope, global, "Promise")?);
        let iteration = [member("Symbol", "iterator")?, member("Symbol", "asyncIterator")?, promise];
        let weak_map = get(scope, global, "WeakMap")?.try_cast::<v8::Function>().ok()?;
        let prototype = get(scope, weak_map.into(), "prototype")?.try_cast::<v8::Object>().ok()?;
        let method = |name: &str| {
            let function = get(scope, prototype, name)?.try_cast::<v8::Function>().ok()?;
            Some(v8::Global::new(scope, function))
        };
        let weak_map = [v8::Global::new(scope, weak_map), method("get")?, method("set")?];
        let (classes, marks) = (RefCell::default(), RefCell::default());
        let streams = StreamShim::of(scope, &iteration)?;
        Some(Self { freeze, dispose, iteration, streams, classes, weak_map, marks })
    }

    /// The class of a contract, if a handle of the contract has come to the realm.
    pub(in crate::isolate) fn known(&self, contract: ContractKey) -> Option<Rc<HandleClass>> {
        self.classes.borrow().get(&contract).cloned()
    }

    /// The contract and the number of an object, if the object is of a class of the realm. No code of a guest runs.
    pub(in crate::isolate) fn number(
        &self,
        scope: &v8::PinScope<'_, '_>,
        object: v8::Local<'_, v8::Object>,
    ) -> Option<(ContractKey, u64)> {
        let classes = self.classes.borrow();
        // QuickJS asks a Proxy for its prototype, and no object of a class is one.
        if classes.is_empty() || object.is_proxy() {
            return None;
        }
        // A callback has the prototype of all functions, so its class has none.
        let prototype = match object.is_function() {
            true => None,
            false => Some(object.get_prototype(scope)?.try_cast::<v8::Object>().ok()?),
        };
        let is_of =
            |class: &HandleClass| class.prototype.as_ref().map(|own| v8::Local::new(scope, own)) == prototype;
        let mut of = classes.iter().filter(|(_, class)| is_of(class));
        of.find_map(|(key, class)| Some((*key, class.number(scope, object)?)))
    }

    /// Makes the class of a contract that the realm does not know. `release` is the function of the realm that ends a handle by
    /// its number. `fail` is the one that throws a TypeError with a text.
    pub(in crate::isolate) fn class(
        &self,
        scope: &v8::PinScope<'_, '_>,
        host: &Host,
        [release, fail]: [v8::Local<'_, v8::Value>; 2],
        limits: &Limits,
        returns: &FastReturns<'_, '_>,
    ) -> Option<Rc<HandleClass>> {
        let key = host.key();
        let text = |text: &str| js_string(scope, text, v8::NewStringType::Normal).ok();
        let methods = host.ops.iter().zip(&*host.spec.methods);
        let calls = methods.map(|(op, method)| op.handle_call(method)).collect::<Vec<_>>();
        let [checked, fast, returned, refused] = ops(scope, host, &calls, returns)?;
        let parameters = shim::HANDLE_PARAMETERS.iter().map(|name| text(name)).collect::<Option<Vec<_>>>()?;
        let arguments = [
            checked,
            v8::Local::new(scope, release),
            v8::Local::new(scope, &self.freeze),
            v8::Local::new(scope, &self.dispose),
            self.lent(scope, fail, limits)?,
            fast,
            returned,
            refused,
        ];
        let source = text(&shim::handle_source(&host.spec, &calls))?;
        let shim = compile_function(scope, text(&shim::script_name(&host.spec))?, source, &parameters)?;
        let parts = shim_parts(scope, shim, &arguments)?;
        let (make, number) = (function(scope, parts, 0)?, function(scope, parts, 1)?);
        // A list of two has no third element, and a guest's `Array.prototype` could have one.
        let prototype = match parts.length() {
            3 => Some(v8::Global::new(scope, parts.get_index(scope, 2)?.try_cast::<v8::Object>().ok()?)),
            _ => None,
        };
        let class = Rc::new(HandleClass { make, number, prototype });
        self.classes.borrow_mut().insert(key, class.clone());
        Some(class)
    }

    /// The list of what the classes of streams need: the captured values, `fail`, and the bounds of a batch.
    fn lent<'s>(
        &self,
        scope: &v8::PinScope<'s, '_>,
        fail: v8::Local<'_, v8::Value>,
        limits: &Limits,
    ) -> Option<v8::Local<'s, v8::Value>> {
        let [iterator, asynchronous, promise] =
            self.iteration.each_ref().map(|value| v8::Local::new(scope, value));
        let BatchBounds { items, values, bytes, depth } = BatchBounds::of(limits);
        let [items, values, bytes, depth] = [items, values, bytes, depth].map(|bound| {
            v8::Integer::new_from_unsigned(scope, u32::try_from(bound).unwrap_or(u32::MAX)).into()
        });
        let fail = v8::Local::new(scope, fail);
        let all = [iterator, asynchronous, promise, fail, items, values, bytes, depth];
        list(scope, &all).map(Into::into)
    }

    /// The numbers of the guest's own objects, by a contract.
    pub(in crate::isolate) fn marks(
        &self,
        scope: &v8::PinScope<'_, '_>,
        contract: TypeId,
    ) -> Option<Rc<ObjectMarks>> {
        if let Some(marks) = self.marks.borrow().get(&contract) {
            return Some(marks.clone());
        }
        let [constructor, get, set] = &self.weak_map;
        let map = v8::Local::new(scope, constructor).new_instance(scope, &[])?;
        let marks = ObjectMarks { map: v8::Global::new(scope, map), get: get.clone(), set: set.clone() };
        let marks = Rc::new(marks);
        self.marks.borrow_mut().insert(contract, marks.clone());
        Some(marks)
    }
}

/// How the fast ops of handles return.
pub(in crate::isolate) struct FastReturns<'r, 's> {
    /// The place of a result.
    pub(in crate::isolate) returned: &'r Returned,
    /// The function of the realm that throws what a fast call could not.
    pub(in crate::isolate) refused: v8::Local<'s, v8::Value>,
    /// Observers are told of each host call, so there are no fast calls.
    pub(in crate::isolate) is_observed: bool,
}

/// The values for a shim of handles: the checked ops, the fast ops, and the return path of the latter. `calls` are the fast calls of
/// the methods.
fn ops<'s>(
    scope: &v8::PinScope<'s, '_>,
    host: &Host,
    calls: &[Option<HandleCall>],
    returns: &FastReturns<'_, '_>,
) -> Option<[v8::Local<'s, v8::Value>; 4]> {
    let undefined: v8::Local<'_, v8::Value> = v8::undefined(scope).into();
    let functions = host.ops.iter().zip(calls);
    let functions =
        functions.map(|(op, call)| op.handle_functions(scope, call.as_ref(), returns.is_observed));
    let functions = functions.collect::<Option<Vec<_>>>()?;
    let checked = functions.iter().map(|(checked, _)| (*checked).into()).collect::<Vec<_>>();
    let checked = list(scope, &checked)?.into();
    if calls.iter().all(Option::is_none) {
        return Some([checked, undefined, undefined, undefined]);
    }
    let fast = functions.iter().map(|(_, fast)| fast.map_or(undefined, Into::into)).collect::<Vec<_>>();
    let refused = v8::Local::new(scope, returns.refused);
    Some([checked, list(scope, &fast)?.into(), returns.returned.view(scope)?, refused])
}

/// Calls a shim that returns a list.
fn shim_parts<'s>(
    scope: &v8::PinScope<'s, '_>,
    shim: v8::Local<'_, v8::Function>,
    arguments: &[v8::Local<'_, v8::Value>],
) -> Option<v8::Local<'s, v8::Array>> {
    let shim = v8::Local::new(scope, shim);
    shim.call(scope, v8::undefined(scope).into(), arguments)?.try_cast().ok()
}

/// A function of a shim's list.
fn function(
    scope: &v8::PinScope<'_, '_>,
    parts: v8::Local<'_, v8::Array>,
    index: u32,
) -> Option<v8::Global<v8::Function>> {
    let function = parts.get_index(scope, index)?.try_cast::<v8::Function>().ok()?;
    Some(v8::Global::new(scope, function))
}

impl ObjectMarks {
    /// The number of an object, if the object was marked. No code of a guest runs.
    pub(in crate::isolate) fn number(
        &self,
        scope: &v8::PinScope<'_, '_>,
        object: v8::Local<'_, v8::Object>,
    ) -> Option<u64> {
        let (map, object) = (v8::Local::new(scope, &self.map).into(), v8::Local::new(scope, object).into());
        number_of(v8::Local::new(scope, &self.get).call(scope, map, &[object])?)
    }

    /// Marks an object with a number. No code of a guest runs.
    #[expect(clippy::cast_precision_loss, reason = "no guest gives as many objects")]
    pub(in crate::isolate) fn mark(
        &self,
        scope: &v8::PinScope<'_, '_>,
        object: v8::Local<'_, v8::Object>,
        number: u64,
    ) -> Option<()> {
        let (map, object) = (v8::Local::new(scope, &self.map).into(), v8::Local::new(scope, object).into());
        let number = v8::Number::new(scope, number as f64).into();
        v8::Local::new(scope, &self.set).call(scope, map, &[object, number]).map(drop)
    }
}

impl HandleClass {
    /// A new object with this number.
    #[expect(clippy::cast_precision_loss, reason = "no sandbox gives away as many handles")]
    pub(in crate::isolate) fn object<'s>(
        &self,
        scope: &v8::PinScope<'s, '_>,
        number: u64,
    ) -> Option<v8::Local<'s, v8::Object>> {
        let number = v8::Number::new(scope, number as f64).into();
        let make = v8::Local::new(scope, &self.make);
        make.call(scope, v8::undefined(scope).into(), &[number])?.try_cast().ok()
    }

    /// The number of an object of the class; `None` for any other object. No code of a guest runs.
    pub(in crate::isolate) fn number(
        &self,
        scope: &v8::PinScope<'_, '_>,
        object: v8::Local<'_, v8::Object>,
    ) -> Option<u64> {
        let object = v8::Local::new(scope, object).into();
        let of = v8::Local::new(scope, &self.number);
        number_of(of.call(scope, v8::undefined(scope).into(), &[object])?)
    }
}

/// A number that a class has passed; `None` for 0, which stands for none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the classes pass what `object` gave them"
)]
pub(in crate::isolate) fn number_of(value: v8::Local<'_, v8::Value>) -> Option<u64> {
    let number = value.try_cast::<v8::Number>().ok()?.value();
    (number > 0.0).then_some(number as u64)
}
