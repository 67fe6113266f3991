//! Refusals as exceptions of the guest's realm.

use deno_core::v8;

use crate::error::{Direction, Place, Source};
use crate::guest_error::HostError;
use crate::isolate::Isolate;
use crate::isolate::engine::text::js_string;
use crate::isolate::run::thrown::STACK_FULL;
use crate::isolate::state::refusal::Refusal;
use crate::isolate::values::{new_error, to_guest};
use crate::value::JsValue;

impl Refusal {
    pub(in crate::isolate) fn throw(self, scope: &v8::PinScope<'_, '_>, place: &Place) {
        if let Some(exception) = self.exception(scope, place) {
            scope.throw_exception(exception);
        }
    }

    /// The function of the current realm that throws what a fast call could not.
    pub(in crate::isolate) fn thrower<'s>(scope: &v8::PinScope<'s, '_>) -> Option<v8::Local<'s, v8::Value>> {
        let template = v8::FunctionTemplate::builder(refused);
        let function = template.constructor_behavior(v8::ConstructorBehavior::Throw).build(scope);
        function.get_function(scope).map(Into::into)
    }

    /// The exception for the guest; `None` when one is pending already, or when the guest is being ended.
    pub(in crate::isolate) fn exception<'s>(
        self,
        scope: &v8::PinScope<'s, '_>,
        place: &Place,
    ) -> Option<v8::Local<'s, v8::Value>> {
        let text = |text: &str| {
            // If the text is too long for V8, the error has no text.
            v8::String::new(scope, text).unwrap_or_else(|| v8::String::empty(scope))
        };
        Some(match self {
            Self::Thrown => return None,
            Self::Ended => {
                // The shim runs until V8 ends the guest, and must not read the result of another call.
                Isolate::current(scope)?.returned.nothing();
                return None;
            }
            Self::Value(error, Direction::ToGuest) => {
                let error = error.into_boundary_error(place, Direction::ToGuest);
                return Self::Host(HostError::broken(error)).exception(scope, place);
            }
            Self::Value(error, direction) => {
                let error = error.into_boundary_error(place, direction);
                let exception = v8::Exception::type_error(scope, text(&error.to_string()));
                if let (Some(isolate), Ok(object)) =
                    (Isolate::current(scope), exception.try_cast::<v8::Object>())
                {
                    isolate.remember(v8::Global::new(scope, object), Source::of(error));
                }
                exception
            }
            Self::Host(error) => match exception(scope, error, place) {
                Some(exception) => exception.into(),
                None => v8::Exception::error(scope, text(&format!("{place} failed"))),
            },
            Self::Stack => v8::Exception::range_error(scope, text(STACK_FULL)),
            #[cfg(feature = "process")]
            Self::Untyped { class, message, fields, source } => {
                return told(scope, (&class, &message), &fields, source).map(Into::into);
            }
            Self::Aborted(reason) => v8::Local::new(scope, reason),
            Self::Absent => v8::Exception::error(scope, text(&format!("{place} has no implementation here"))),
            Self::Disposed => {
                v8::Exception::type_error(scope, text(&format!("{place}: the handle was disposed")))
            }
            Self::CallEnded => v8::Exception::type_error(
                scope,
                text(&format!("{place}: the handle was disposed, or ended with its call")),
            ),
            Self::NoFlight => v8::Exception::error(
                scope,
                text(&format!(
                    "{place} is asynchronous, and the host does not wait for this code: the contract's method must be `async` as well"
                )),
            ),
        })
    }
}

/// The failure of a host method as an Error of the guest's realm. The isolate remembers which failure the Error stands for.
fn exception<'s>(
    scope: &v8::PinScope<'s, '_>,
    mut error: HostError,
    place: &Place,
) -> Option<v8::Local<'s, v8::Object>> {
    let view = error.shown(place);
    told(scope, (view.class(), view.message()), view.fields(), error.source)
}

/// An Error of the guest's realm with properties.
fn told<'s>(
    scope: &v8::PinScope<'s, '_>,
    (class, message): (&str, &str),
    fields: &[(impl AsRef<str>, JsValue)],
    source: Option<Source>,
) -> Option<v8::Local<'s, v8::Object>> {
    let message = js_string(scope, message, v8::NewStringType::Normal).ok()?;
    let exception = new_error(scope, class, message)?;
    let isolate = Isolate::current(scope)?;
    for (name, value) in fields {
        let name = name.as_ref();
        let budget = isolate.budget();
        let key = js_string(scope, name, v8::NewStringType::Internalized).ok()?;
        match to_guest(scope, &budget, value) {
            Ok(value) => _ = exception.create_data_property(scope, key.into(), value)?,
            Err(error) => {
                tracing::error!(%error, name, "a property of an error cannot be given to the guest")
            }
        }
    }
    if let Some(source) = source {
        isolate.remember(v8::Global::new(scope, exception), source);
    }
    Some(exception)
}

fn refused(scope: &mut v8::PinScope<'_, '_>, _: v8::FunctionCallbackArguments<'_>, _: v8::ReturnValue<'_>) {
    let refusal = Isolate::current(scope).and_then(|isolate| isolate.returned.take_refusal());
    if let Some(refusal) = refusal {
        let (refusal, place) = *refusal;
        refusal.throw(scope, &place);
    }
}
