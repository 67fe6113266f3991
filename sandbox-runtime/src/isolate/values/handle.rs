//! Handles: objects of the host that a guest holds by number, and objects of a guest that the host holds by a proxy.

use std::any::Any;
use std::borrow::Cow;
use std::rc::Rc;

use deno_core::v8;
use sandbox_core::spec::HandleForm;
use serde::Serialize;
use serde::de::Visitor;

use super::methods::methods_of;
use super::read::Reader;
use super::write::{Value, ValueWriter, terminated};
use crate::boundary::{ValueError, over_handles};
use crate::error::Place;
use crate::isolate::engine::care::Cause;
use crate::isolate::engine::text::fail;
use crate::isolate::limits::exceeded::Exceeded;
use crate::isolate::state::binding::Binding;
use crate::isolate::state::guest_objects::GuestParts;
use crate::isolate::state::handle_shims::{FastReturns, number_of};
use crate::isolate::state::host::{ContractKey, Host};
use crate::isolate::state::host_handles::{HandleKey, HandleParts, HostHandles, parts};
use crate::isolate::state::realm::Realm;
use crate::isolate::state::refusal::Refusal;
use crate::isolate::{Isolate, engine};
use crate::value::HandleNumber;
use crate::value::handle::{self, HandleContract, HostObject, accepted, expected, numbered, offered};

impl<'s> ValueWriter<'_, 's, '_> {
    /// Writes the object that is being serialized. An object that a guest of this realm gave is itself again.
    /// `description` describes an object that is not known here.
    pub(super) fn handle<T: ?Sized + Serialize>(self, description: &T) -> Result<Value<'s>, ValueError> {
        let isolate = Isolate::current(self.scope).ok_or_else(terminated)?;
        let realm = isolate.current_realm(self.scope).ok_or_else(terminated)?;
        let Some(object) = offered() else {
            let number = numbered();
            #[cfg(feature = "process")]
            if let Some(handle) = number.filter(|handle| handle.contract() == HandleNumber::OF_GUEST) {
                return self.own_object(isolate, handle.number(), &realm);
            }
            let remote = number.and_then(|handle| {
                let host = isolate.host_numbered(handle.contract())?;
                let address = usize::try_from(handle.number()).ok()?;
                Some((
                    host,
                    (host.key(), address, realm.number),
                    isolate.handles.remote(handle)? as Rc<dyn Any>,
                ))
            });
            let Some((host, key, object)) = remote else { return self.write(description) };
            let known = isolate.handles.of(self.scope, key, isolate.scope_of(self.budget));
            return known.map_or_else(
                || self.new_object(isolate, &realm, host, key, object),
                |known| Ok(known.into()),
            );
        };
        match isolate.objects.behind(self.scope, object.contract.id, object.address) {
            Some((guest, of)) if of == realm.number => Ok(guest.into()),
            _ => self.host_object(isolate, object, &realm),
        }
    }

    /// An object of a guest that comes back over a link.
    #[cfg(feature = "process")]
    fn own_object(self, isolate: &Isolate, number: u64, realm: &Rc<Realm>) -> Result<Value<'s>, ValueError> {
        let object = isolate.given.object(number);
        match &object {
            Some(object) if Rc::ptr_eq(&object.realm, realm) => {
                Ok(v8::Local::new(self.scope, &object.object).into())
            }
            object => {
                let name = object.as_ref().map_or_else(|| "handle".to_owned(), |object| object.name());
                Err(of_another_realm(&name))
            }
        }
    }

    fn host_object(
        self,
        isolate: &Isolate,
        object: HostObject,
        realm: &Realm,
    ) -> Result<Value<'s>, ValueError> {
        let HostObject { contract, object, address } = object;
        let key = (ContractKey::Typed(contract.id), address, realm.number);
        if let Some(known) = isolate.handles.of(self.scope, key, isolate.scope_of(self.budget)) {
            return Ok(known.into());
        }
        let parts = parts(&contract);
        if parts.as_ref().is_ok_and(|parts| parts.host.is_none()) {
            return Err(of_another_realm(contract.name));
        }
        let host = isolate.handles.note(&contract);
        let host =
            host.map_err(|reason| ValueError::new(format!("a handle of {}", contract.name), reason))?;
        self.new_object(isolate, realm, host, key, object)
    }

    /// A guest's object for an object of the host that the realm does not have.
    fn new_object(
        self,
        isolate: &Isolate,
        realm: &Realm,
        host: &Host,
        key: HandleKey,
        object: Rc<dyn Any>,
    ) -> Result<Value<'s>, ValueError> {
        isolate.has_room()?;
        if host.spec.has_cancellations() {
            realm.add_signals(self.scope, isolate).ok_or_else(terminated)?;
        }
        let class = realm.handles.known(host.key()).or_else(|| {
            let functions = [function(self.scope, released)?, function(self.scope, fail)?];
            let returns = FastReturns {
                returned: &isolate.returned,
                refused: Refusal::thrower(self.scope)?,
                is_observed: isolate.observed.is_some(),
            };
            realm.handles.class(self.scope, host, functions, &isolate.settings.limits, &returns)
        });
        let class = class.ok_or_else(terminated)?;
        let call = isolate.scope_of(self.budget);
        let number = isolate.handles.take_number(call);
        let guest = class.object(self.scope, number).ok_or_else(terminated)?;
        let raw = isolate.entrance().map_err(|_| terminated())?.raw;
        let weak = raw.with(|isolate| v8::Weak::new(isolate, guest));
        isolate.handles.keep((number, call), key, object, weak);
        if !engine::COLLECTS {
            isolate.care.note(Cause::Collected);
        }
        Ok(guest.into())
    }

    /// Writes a batch of a stream's values: an array without a prototype. A promise that is resolved with it finds no `then` of
    /// a guest.
    pub(super) fn batch<T: ?Sized + Serialize>(self, items: &T) -> Result<Value<'s>, ValueError> {
        without_prototype(self.scope, self.write(items)?)
    }
}

/// A batch, which loses its prototype. Buffers of the batches before it may be collected.
pub(in crate::isolate) fn without_prototype<'s>(
    scope: &v8::PinScope<'s, '_>,
    batch: Value<'s>,
) -> Result<Value<'s>, ValueError> {
    if let Some(isolate) = Isolate::current(scope) {
        isolate.pace_buffers();
    }
    let array = batch.try_cast::<v8::Object>().map_err(|_| terminated())?;
    match array.set_prototype(scope, v8::null(scope).into()) {
        Some(true) => Ok(batch),
        _ => Err(terminated()),
    }
}

impl Isolate {
    /// Whether there is room for one more handle. Otherwise the call is ended.
    pub(in crate::isolate) fn has_room(&self) -> Result<(), ValueError> {
        let most = self.settings.limits.handles;
        let has_room = || self.handles.count() + self.held_by_host() < most;
        if has_room() {
            return Ok(());
        }
        self.objects.end_released();
        self.end_streams_now();
        if has_room() {
            return Ok(());
        }
        // Objects that the guest has dropped may still be there.
        self.entrance().map_err(|_| terminated())?.raw.low_memory();
        self.handles.sweep();
        if has_room() {
            return Ok(());
        }
        self.exceeds_handles();
        Err(over_handles(most))
    }

    /// How many objects of guests the host holds.
    fn held_by_host(&self) -> usize {
        let held = self.objects.count();
        #[cfg(feature = "process")]
        let held = held + self.given.count();
        held
    }

    /// Ends the call, which has no room for one more handle.
    pub(in crate::isolate) fn exceeds_handles(&self) {
        self.exceed(Exceeded::Handles(self.held_by_host() as u64), None);
    }
}

/// The error of an object of a guest that goes to another realm.
pub(crate) fn of_another_realm(contract: &str) -> ValueError {
    let expected = format!("a {contract} that a guest of this realm gave, for no host implements {contract}");
    ValueError::new(expected, "one of another realm, of another sandbox, or of the time before a reset")
}

/// A function of the current realm.
fn function<'s>(
    scope: &v8::PinScope<'s, '_>,
    callback: impl v8::MapFnTo<v8::FunctionCallback>,
) -> Option<v8::Local<'s, v8::Value>> {
    let template = v8::FunctionTemplate::builder(callback);
    let function = template.constructor_behavior(v8::ConstructorBehavior::Throw).build(scope);
    function.get_function(scope).map(Into::into)
}

/// Ends a handle by its number.
fn released(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: v8::FunctionCallbackArguments<'_>,
    _: v8::ReturnValue<'_>,
) {
    if let (Some(isolate), Some(number)) = (Isolate::current(scope), number_of(arguments.get(0))) {
        // The drop of the object is code of the host, which needs as much stack as a host method.
        if !isolate.stack().allows_call() {
            return Refusal::Stack.throw(scope, &Place::new("Handle", "dispose"));
        }
        isolate.handles.dispose(number);
        isolate.keep_terminating();
    }
}

impl<'s> Reader<'_, 's, '_> {
    /// The identity of an object, if it is one of the host.
    pub(super) fn handle_number(&self, object: v8::Local<'_, v8::Object>) -> Option<HandleNumber> {
        let isolate = Isolate::current(self.scope)?;
        let realm = isolate.current_realm(self.scope)?;
        let (contract, number) = realm.handles.number(self.scope, object)?;
        Some(isolate.handles.identity(number, contract))
    }

    /// Reads a handle of the contract that is expected: an object of the host, or an object with the contract's methods.
    pub(super) fn handle<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        let contract = expected().ok_or_else(terminated)?;
        let parts = parts(&contract).map_err(|reason| ValueError::new(contract.name, reason))?;
        let refused = || self.unexpected(wanted(&contract, parts));
        let object = self.value.try_cast::<v8::Object>().map_err(|_| refused())?;
        let isolate = Isolate::current(self.scope).ok_or_else(terminated)?;
        let realm = isolate.current_realm(self.scope).ok_or_else(terminated)?;
        let key = ContractKey::Typed(contract.id);
        let of_host = realm.handles.known(key).and_then(|class| class.number(self.scope, object));
        let object = match (of_host, &parts.guest) {
            (Some(number), _) => isolate
                .handles
                .object(number, key)
                .ok_or_else(|| ValueError::new(format!("a {}", contract.name), HostHandles::gone(number)))?,
            (None, Some(guest)) => self.guest_object(isolate, &realm, (&contract, parts, guest), object)?,
            (None, None) => return Err(refused()),
        };
        accepted(object);
        visitor.visit_unit()
    }

    /// The host's proxy of an object of the guest. Getters of the object may run.
    fn guest_object(
        self,
        isolate: &Isolate,
        realm: &Rc<Realm>,
        (contract, parts, guest): (&HandleContract, &HandleParts, &GuestParts),
        object: v8::Local<'s, v8::Object>,
    ) -> Result<Rc<dyn Any>, ValueError> {
        if parts.form.is_stream() {
            return self.guest_stream(isolate, realm, (contract, parts, guest), object);
        }
        let marks = realm.handles.marks(self.scope, contract.id).ok_or_else(terminated)?;
        let call = isolate.scope_of(self.budget);
        let known = || isolate.objects.proxy(marks.number(self.scope, object)?, contract.id, call);
        if let Some(known) = known() {
            return Ok(known);
        }
        isolate.has_room()?;
        let binding = self.bound(isolate, realm, (contract, parts, guest), object)?;
        // A getter may have given this very object meanwhile.
        if let Some(known) = known() {
            return Ok(known);
        }
        let has = binding.methods.iter().map(Option::is_some).collect::<Vec<_>>();
        let mark = |number| marks.mark(self.scope, object, number);
        self.keep(isolate, (contract, guest), object, (binding, &has), mark)
    }

    /// The host's stream of the items of an iterable. The iterator is made here, and its `next` is found once. An iterable that
    /// is given twice gives two streams.
    fn guest_stream(
        self,
        isolate: &Isolate,
        realm: &Rc<Realm>,
        (contract, parts, guest): (&HandleContract, &HandleParts, &GuestParts),
        object: v8::Local<'s, v8::Object>,
    ) -> Result<Rc<dyn Any>, ValueError> {
        isolate.has_room()?;
        let binding = self.bound(isolate, realm, (contract, parts, guest), object)?;
        self.keep(isolate, (contract, guest), object, (binding, &[]), |_| Some(()))
    }

    /// Keeps an object for the host, with the proxy that `has` these methods. `mark` gets the number of the object.
    fn keep(
        self,
        isolate: &Isolate,
        (contract, guest): (&HandleContract, &GuestParts),
        object: v8::Local<'s, v8::Object>,
        (binding, has): (Binding, &[bool]),
        mark: impl FnOnce(u64) -> Option<()>,
    ) -> Result<Rc<dyn Any>, ValueError> {
        let transport = isolate.objects.transport(&binding.realm, has);
        let number = transport.number;
        let proxy = (guest.make)(transport).ok_or_else(terminated)?;
        mark(number).ok_or_else(terminated)?;
        let (object, call) = (v8::Global::new(self.scope, object), isolate.scope_of(self.budget));
        isolate.care.note(Cause::Given);
        let is_stream = guest.spec.form.is_stream();
        Ok(isolate.objects.keep((number, call), object, binding, (contract.id, proxy), is_stream))
    }

    /// The functions of the contract's methods, which are found once. The later calls have the object as `this`.
    fn bound(
        self,
        isolate: &Isolate,
        realm: &Rc<Realm>,
        (contract, parts, guest): (&HandleContract, &HandleParts, &GuestParts),
        object: v8::Local<'s, v8::Object>,
    ) -> Result<Binding, ValueError> {
        let spec = guest.spec;
        self.budget.nodes(spec.methods.len())?;
        let found = methods_of(isolate, self.scope, object, spec).ok_or_else(ValueError::thrown)?;
        if found.wrong.is_empty() {
            let checks =
                (guest.checks)().map_err(|error| ValueError::new(contract.name, error.to_string()))?;
            return Ok(Binding { methods: found.methods, checks, realm: realm.clone() });
        }
        if parts.form != HandleForm::Methods {
            return Err(self.unexpected(wanted(contract, parts)));
        }
        Err(ValueError::new(wanted(contract, parts), lacking(found.wrong)))
    }
}

/// The words for an object that lacks methods, or has other values in their places.
pub(crate) fn lacking(wrong: impl IntoIterator<Item = (Cow<'static, str>, Option<String>)>) -> String {
    let wrong = wrong.into_iter().map(|(name, found)| match found {
        Some(found) => format!("whose `{name}` is {found}"),
        None => format!("without `{name}`"),
    });
    format!("one {}", wrong.collect::<Vec<_>>().join(" and "))
}

/// The words for the value that is expected of a guest.
pub(crate) fn wanted(contract: &HandleContract, parts: &HandleParts) -> String {
    match parts.form {
        HandleForm::Function => return "a function".to_owned(),
        HandleForm::Stream => return "an async iterable, or an iterable".to_owned(),
        HandleForm::Items => return "an iterable".to_owned(),
        HandleForm::Methods => {}
    }
    let methods = parts.guest.as_ref().map(|guest| {
        let required = guest.spec.methods.iter().filter(|method| !method.optional);
        required.map(|method| &*method.name).collect::<Vec<_>>()
    });
    handle::wanted(contract.name, methods.as_deref())
}
