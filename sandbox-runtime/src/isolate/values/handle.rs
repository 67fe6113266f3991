//! Handles: objects of the host that a guest holds by number.

use deno_core::v8;
use serde::de::Visitor;

use super::read::Reader;
use super::write::{Value, ValueWriter, terminated};
use crate::boundary::ValueError;
use crate::error::grouped;
use crate::isolate::engine::care::Cause;
use crate::isolate::state::handle_shims::number_of;
use crate::isolate::{Isolate, engine};
use crate::value::handle::{accepted, expected, offered};

impl<'s> ValueWriter<'_, 's, '_> {
    /// Writes the object of the host that is being serialized.
    pub(super) fn handle(self) -> Result<Value<'s>, ValueError> {
        let isolate = Isolate::current(self.scope).ok_or_else(terminated)?;
        let object = offered().ok_or_else(terminated)?;
        let realm = isolate.current.borrow().clone().ok_or_else(terminated)?;
        if let Some(known) = isolate.handles.of(self.scope, &object, realm.number) {
            return Ok(known.into());
        }
        let host = isolate.handles.note(&object.contract);
        let host =
            host.map_err(|reason| ValueError::new(format!("a handle of {}", object.contract.name), reason))?;
        isolate.has_room()?;
        let release = release(self.scope).ok_or_else(terminated)?;
        let class = realm.handles.class(self.scope, host, release).ok_or_else(terminated)?;
        let number = isolate.handles.next();
        let guest = class.object(self.scope, number).ok_or_else(terminated)?;
        let raw = isolate.entrance().map_err(|_| terminated())?.raw;
        let weak = raw.with(|isolate| v8::Weak::new(isolate, guest));
        isolate.handles.keep(object, weak, realm.number);
        if !engine::COLLECTS {
            isolate.care.note(Cause::Collected);
        }
        Ok(guest.into())
    }
}

impl Isolate {
    /// Whether there is room for one more handle.
    fn has_room(&self) -> Result<(), ValueError> {
        let most = self.settings.limits.handles;
        if self.handles.count() < most {
            return Ok(());
        }
        // Objects that the guest has dropped may still be there.
        self.entrance().map_err(|_| terminated())?.raw.low_memory();
        self.handles.sweep();
        if self.handles.count() < most {
            return Ok(());
        }
        self.handles.refuse();
        let expected = format!("at most {} handles at once (`Limits::handles`)", grouped(most as u64));
        Err(ValueError::over(None, expected, "more"))
    }
}

/// The function of the current realm that ends a handle by its number.
fn release<'s>(scope: &v8::PinScope<'s, '_>) -> Option<v8::Local<'s, v8::Value>> {
    let template = v8::FunctionTemplate::builder(released);
    let function = template.constructor_behavior(v8::ConstructorBehavior::Throw).build(scope);
    function.get_function(scope).map(Into::into)
}

fn released(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: v8::FunctionCallbackArguments<'_>,
    _: v8::ReturnValue<'_>,
) {
    if let (Some(isolate), Some(number)) = (Isolate::current(scope), number_of(arguments.get(0))) {
        isolate.handles.dispose(number);
        isolate.keep_terminating();
    }
}

impl Reader<'_, '_, '_> {
    /// Reads a handle of the contract that is expected.
    pub(super) fn handle<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        let contract = expected().ok_or_else(terminated)?;
        let refused = || self.unexpected(format!("a {} that the host gave", contract.name));
        let object = self.value.try_cast::<v8::Object>().map_err(|_| refused())?;
        let isolate = Isolate::current(self.scope).ok_or_else(terminated)?;
        let realm = isolate.current.borrow().clone().ok_or_else(terminated)?;
        let class = realm.handles.known(contract.id).ok_or_else(refused)?;
        let number = class.number(self.scope, object).ok_or_else(refused)?;
        let object = isolate.handles.object(number, contract.id);
        accepted(
            object.ok_or_else(|| ValueError::new(format!("a {}", contract.name), "one that was disposed"))?,
        );
        visitor.visit_unit()
    }
}
