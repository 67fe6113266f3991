//! Ops: the functions through which a guest calls host methods.
//!
//! An op reads and checks the arguments, runs the host method with nothing of V8 borrowed, and checks and writes the result.
//! Every panic of the host ends in [`caught`], because the caller's frame is C++. `realm` makes the functions, and only
//! shims call them.
//!
//! Every method of a host contract is an op in deno_core's sense. The slow function is for V8's ordinary calls. When all
//! types are scalars, a fast function is for V8's direct C calls. Both functions are instances of generic functions over the
//! method's marker type. The macro generates the marker only.
//!
//! deno_core binds ops to the realm that it makes, and a guest has a realm of its own. So the two functions are instantiated
//! from a `FunctionTemplate` in the guest's realm. V8 inlines a fast call only when caller and function belong to one realm.
//! An error that an op throws also belongs to the guest's realm. Where a `JsRuntime` sets the engine up (`super::runtime`),
//! the same functions are an `OpDecl` of its `Extension` as well. An op finds its isolate through V8's data slot, and a fast
//! op through a thread-local variable. deno_core's `OpCtx` is not used, so an op behaves alike wherever it was instantiated.
//!
//! A rejected alternative is one generic `#[op2] fn call<M>` whose declaration is renamed for each method. That function
//! cannot have a fast call, because `#[op2]` fixes the C signature when the macro runs, before a type is known. The host
//! would also be found through a `RefCell` and a map of type ids. Two numbers in a hot loop took 27 times as long as with
//! `#[op2(fast)]` by hand. `docs/benchmarks.md` has the times of this module.

pub(crate) mod fast;
#[cfg(feature = "process")]
pub(crate) mod host_dispatch;
pub(crate) mod pending;
#[cfg(feature = "process")]
pub(crate) mod pending_host_call;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use deno_core::v8;
use deno_core::v8::fast_api::CFunction;

use super::exceeded::Exceeded;
use super::meter::{HostCall, Running, add};
use super::method_info::MethodInfo;
use super::thrown::STACK_FULL;
use super::{Isolate, engine};
use crate::boundary::ValueError;
use crate::contract::{Arguments, AsyncHostMethod, Crosses, HostMethod, ParamSpec, Reply};
use crate::error::{Direction, Place, Source};
use crate::guest_error::HostError;
use crate::isolate::engine::text::js_string;
use crate::isolate::values::{ArgumentReader, Passed, Seen, new_error, owned_to_guest, to_guest};
use crate::panic::drop_of_host;
use crate::schema::{MethodChecks, TypeCheck};
use crate::value::JsValue;

/// A host method as an op.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct HostOp {
    pub(super) slow: v8::FunctionCallback,
    pub(super) fast: Option<FastCall>,
    /// The declaration for deno_core: the method, and the slow function with the status that deno_core expects.
    #[cfg_attr(
        not(any(feature = "deno_core", feature = "quickjs", sandbox_leaky)),
        allow(dead_code, reason = "no one does")
    )]
    pub(super) declared: (&'static MethodInfo, fn(*const v8::FunctionCallbackInfo) -> usize),
    /// The address of the method, when one function serves many methods.
    #[cfg(feature = "process")]
    address: Option<u32>,
    /// The method over plain data.
    #[cfg(feature = "process")]
    pub(crate) plain: host_dispatch::PlainOp,
}

#[cfg(feature = "process")]
impl HostOp {
    /// The op of a method whose types are in another process.
    pub(super) fn untyped(
        slow: v8::FunctionCallback,
        declared: (&'static MethodInfo, fn(*const v8::FunctionCallbackInfo) -> usize),
        address: u32,
    ) -> Self {
        Self { slow, fast: None, declared, address: Some(address), plain: host_dispatch::PlainOp::NONE }
    }
}

/// The fast function of an op: its address and its C types.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct FastCall {
    pub(super) function: &'static [CFunction; 1],
    pub(super) gives: Gives,
}

/// The kind of a fast call's result, which is left as a number.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    Nothing,
    Bool,
    Number,
}

impl HostOp {
    /// The op of a method.
    #[must_use]
    pub const fn of<M: HostMethod>() -> Self {
        Self {
            slow: slow::<M>,
            fast: M::FAST,
            declared: (MethodInfo::hosted::<M>(), slow_impl::<M>),
            #[cfg(feature = "process")]
            address: None,
            #[cfg(feature = "process")]
            plain: host_dispatch::PlainOp::of::<M>(),
        }
    }

    /// The op of an `async` method.
    #[must_use]
    pub const fn of_async<M: AsyncHostMethod>() -> Self {
        Self {
            slow: pending::slow::<M>,
            fast: None,
            declared: (MethodInfo::billed::<M>(), pending::slow_impl::<M>),
            #[cfg(feature = "process")]
            address: None,
            #[cfg(feature = "process")]
            plain: host_dispatch::PlainOp::of_async::<M>(),
        }
    }

    /// The op without its fast function.
    #[cfg(feature = "deno_core")]
    pub(super) fn without_fast(&self) -> Self {
        Self { fast: None, ..*self }
    }

    /// The kind of the fast function's result; `None` without a fast function.
    #[must_use]
    pub(crate) fn gives(&self) -> Option<Gives> {
        self.fast.map(|fast| fast.gives)
    }

    /// The functions of the op in the current realm: the checked one, and the fast one if there is one.
    pub(crate) fn functions<'s>(
        &self,
        scope: &v8::PinScope<'s, '_>,
    ) -> Option<(v8::Local<'s, v8::Function>, Option<v8::Local<'s, v8::Function>>)> {
        let template = || {
            let template = v8::FunctionTemplate::builder_raw(self.slow);
            #[cfg(feature = "process")]
            if let Some(address) = self.address {
                return template.data(v8::Integer::new_from_unsigned(scope, address).into());
            }
            template
        };
        let checked = template().constructor_behavior(v8::ConstructorBehavior::Throw).build(scope);
        let fast = self.fast.map(|fast| {
            let function = match engine::CALLS_FAST {
                true => template().build_fast(scope, fast.function),
                false => template().build(scope),
            };
            function.get_function(scope)
        });
        match fast {
            Some(None) => None,
            Some(fast) => Some((checked.get_function(scope)?, fast)),
            None => Some((checked.get_function(scope)?, None)),
        }
    }
}

/// Why a host method does not answer, as the guest is told.
pub(super) enum Refusal {
    /// An argument violates the contract: a TypeError. Or the result does, which is the host's fault: an Error.
    Value(ValueError, Direction),
    /// A getter of an argument threw; the guest gets what it threw.
    Thrown,
    /// The method failed: an Error.
    Host(HostError),
    /// A method in another process failed, or refused its arguments.
    #[cfg(feature = "process")]
    Untyped {
        class: String,
        message: String,
        fields: Vec<(String, crate::value::JsValue)>,
        source: Option<crate::error::Source>,
    },
    /// The guest is being ended.
    Ended,
    /// Too little stack is left: the RangeError that V8 throws for it.
    Stack,
    /// The sandbox has no implementation of the contract.
    Absent,
    /// An `async` method was called by code that no asynchronous call waits for.
    NoFlight,
}

impl Refusal {
    pub(super) fn panicked() -> Self {
        Self::Host(HostError::panicked())
    }

    pub(super) fn throw(self, scope: &v8::PinScope<'_, '_>, place: Place) {
        if let Some(exception) = self.exception(scope, place) {
            scope.throw_exception(exception);
        }
    }

    /// The exception for the guest; `None` when one is pending already, or when the guest is being ended.
    pub(super) fn exception<'s>(
        self,
        scope: &v8::PinScope<'s, '_>,
        place: Place,
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
            Self::Absent => v8::Exception::error(scope, text(&format!("{place} has no implementation here"))),
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
    place: Place,
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

/// Counts a call of a host method, and returns whether the call may be made. Beyond a limit the guest is ended, because it
/// could catch an exception and go on.
#[inline]
pub(super) fn count(isolate: &Isolate, method: &MethodInfo) -> bool {
    let most = method.spec.max_calls;
    let own = most.is_none_or(|most| {
        // Without a host there is nothing to call. The caller reports this later.
        let host = isolate.host(method);
        host.is_none_or(|host| host.count(method.index, isolate.running.call()) <= most)
    });
    let all = isolate.settings.limits.host_calls;
    let is_allowed = isolate.running.count_host_call(all) && own && isolate.exceeded.get().is_none();
    if !is_allowed {
        let place = method.place();
        let most = most.filter(|_| !own);
        isolate.exceed_first(most.map_or(Exceeded::All(place), |most| Exceeded::Method(place, most)));
    }
    is_allowed
}

/// Calls a host method, if the sandbox has an implementation. This function, and the macro's output, are the only code that
/// is compiled for each method.
fn invoke<'s, M: HostMethod>(
    isolate: &Isolate,
    args: M::Owned,
    reply: SlowReply<'_, 's, '_>,
) -> Option<Written<'s>> {
    let host = isolate.implementation::<M::Contract>()?;
    Some(M::invoke(host, args, reply))
}

type Invoke<'s, A> = for<'r, 'i> fn(&'r Isolate, A, SlowReply<'r, 's, 'i>) -> Option<Written<'s>>;

/// Runs code of the host. A panic becomes a failure of the method.
pub(super) fn caught<R>(code: impl FnOnce() -> R) -> Result<R, Refusal> {
    catch_unwind(AssertUnwindSafe(code)).map_err(panicked)
}

#[cold]
pub(super) fn panicked(panic: Box<dyn Any + Send>) -> Refusal {
    // The payload's own destructor may panic, and the next frame may be C++.
    drop_of_host(panic);
    Refusal::panicked()
}

unsafe extern "C" fn slow<M: HostMethod>(info: *const v8::FunctionCallbackInfo) {
    slow_impl::<M>(info);
}

fn slow_impl<M: HostMethod>(info: *const v8::FunctionCallbackInfo) -> usize {
    let method = MethodInfo::hosted::<M>();
    serve_info(info, method, invoke::<M>)
}

/// Answers a call by V8. Returns deno_core's status: 0 for a value, 1 for an exception.
pub(super) fn answer<F>(info: *const v8::FunctionCallbackInfo, place: Place, serve: F) -> usize
where
    F: for<'s, 'i> FnOnce(
        &mut v8::PinScope<'s, 'i>,
        &v8::FunctionCallbackArguments<'s>,
    ) -> Result<v8::Local<'s, v8::Value>, Refusal>,
{
    // SAFETY: V8 calls this with a pointer that is valid until this function returns.
    let info = unsafe { &*info };
    v8::callback_scope!(unsafe scope, info);
    let arguments = v8::FunctionCallbackArguments::from_function_callback_info(info);
    let mut result = v8::ReturnValue::from_function_callback_info(info);
    match serve(scope, &arguments) {
        Ok(value) => {
            result.set(value);
            0
        }
        Err(refusal) => {
            refusal.throw(scope, place);
            1
        }
    }
}

fn serve_info<A: Arguments<Owned = A>>(
    info: *const v8::FunctionCallbackInfo,
    method: &MethodInfo,
    invoke: for<'r, 's, 'i> fn(&'r Isolate, A, SlowReply<'r, 's, 'i>) -> Option<Written<'s>>,
) -> usize {
    answer(info, method.place(), |scope, arguments| serve(scope, arguments, method, invoke))
}

/// Begins a call of the host, which ends when the result is dropped.
pub(super) fn begin(
    scope: &v8::PinScope<'_, '_>,
    method: &MethodInfo,
) -> Result<HostCall<Rc<Running>>, Refusal> {
    let isolate = Isolate::current(scope).ok_or(Refusal::Absent)?;
    if !isolate.stack().allows_call() {
        return Err(Refusal::Stack);
    }
    match count(isolate, method) {
        true => Ok(HostCall::begin(isolate.running.clone())),
        false => Err(Refusal::Ended),
    }
}

/// Calls a host method. The arguments have been read and nothing of V8 is borrowed when it runs, so it may call its guest again.
/// A panic ends here: the caller's frame is C++.
fn serve<'s, A: Arguments<Owned = A>>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: &v8::FunctionCallbackArguments<'s>,
    method: &MethodInfo,
    invoke: Invoke<'s, A>,
) -> Written<'s> {
    let _call = begin(scope, method)?;
    let args = read_arguments::<A>(scope, arguments, method)?;
    let isolate = Isolate::current(scope).ok_or(Refusal::Absent)?;
    let check = &isolate.checks(method)?.returns;
    let reply = SlowReply { scope, isolate, check, is_billed: method.is_billed };
    let written = caught(|| invoke(isolate, args, reply));
    isolate.keep_terminating();
    written?.ok_or(Refusal::Absent)?
}

/// Reads the arguments of a call, and reports all that is wrong with them.
pub(super) fn read_arguments<'s, A: Arguments<Owned = A>>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: &v8::FunctionCallbackArguments<'s>,
    method: &MethodInfo,
) -> Result<A, Refusal> {
    v8::tc_scope!(let scope, scope);
    let isolate = Isolate::current(scope).ok_or(Refusal::Absent)?;
    let checks = isolate.checks(method)?;
    let seen = checks.observation().map(Seen::new);
    // Reading runs code of the application, such as a type's own `Deserialize`, which may panic.
    let read = caught(|| read::<A>(scope, isolate, (arguments, seen.as_ref()), checks, method))?;
    let values = method.spec.params.iter().zip(&checks.params).zip(0..);
    let values = values.map(|((param, check), index)| (arguments.get(index), check, param.name));
    match read {
        Ok((args, false)) => Ok(args),
        Ok((args, true)) => match isolate.check_again(scope, seen, values) {
            Ok(()) => Ok(args),
            Err(error) => Err(Refusal::Value(error, Direction::ToHost)),
        },
        Err(_) if scope.has_caught() => {
            scope.rethrow();
            Err(Refusal::Thrown)
        }
        Err(error) => Err(Refusal::Value(isolate.diagnosed(scope, seen, error, values), Direction::ToHost)),
    }
}

/// Reads the arguments and checks their constraints. Also returns whether the arguments need a second check by their
/// descriptions.
fn read<'s, A: Arguments<Owned = A>>(
    scope: &v8::PinScope<'s, '_>,
    isolate: &Isolate,
    (arguments, seen): (&v8::FunctionCallbackArguments<'s>, Option<&Seen<'s>>),
    checks: &MethodChecks,
    method: &MethodInfo,
) -> Result<(A, bool), ValueError> {
    let (budget, params) = (isolate.budget(), method.spec.params);
    let passed = Passed::Call(scope, arguments);
    let mut reader = ArgumentReader { budget: &budget, params, arguments: passed, seen, next: 0 };
    let args = A::read(&mut reader)?;
    if method.is_billed {
        add(&isolate.running.bytes_out, budget.spent());
    }
    enforce(&args, params, checks)?;
    Ok((args, budget.is_in_doubt() || checks.is_read_constrained))
}

/// Checks the constraints of arguments, and reports all violations.
#[inline]
pub(crate) fn enforce<A: Arguments>(
    args: &A,
    params: &[ParamSpec],
    checks: &MethodChecks,
) -> Result<(), ValueError> {
    if !checks.is_constrained {
        return Ok(());
    }
    let mut faults = None;
    args.enforce(params, &checks.params, &mut faults);
    faults.map_or(Ok(()), Err)
}

/// Writes a result as a value of V8.
struct SlowReply<'r, 's, 'i> {
    scope: &'r v8::PinScope<'s, 'i>,
    isolate: &'r Isolate,
    check: &'r TypeCheck,
    is_billed: bool,
}

/// The result of the host as a value of V8.
type Written<'s> = Result<v8::Local<'s, v8::Value>, Refusal>;

impl<'s> Reply for SlowReply<'_, 's, '_> {
    type Done = Written<'s>;

    fn done<V: Crosses>(self, outcome: Result<V, HostError>) -> Self::Done {
        let value = outcome.map_err(Refusal::Host)?;
        write_result(self.scope, self.isolate, self.check, value, self.is_billed)
    }
}

/// Checks the result of a host method, and writes it as a value of V8.
pub(super) fn write_result<'s, V: Crosses>(
    scope: &v8::PinScope<'s, '_>,
    isolate: &Isolate,
    check: &TypeCheck,
    value: V,
    is_billed: bool,
) -> Result<v8::Local<'s, v8::Value>, Refusal> {
    let budget = isolate.budget();
    let written = check
        .enforce(&value, "result")
        .and_then(|()| owned_to_guest(scope, &budget, value).map_err(|error| error.inside("result")));
    if is_billed {
        add(&isolate.running.bytes_in, budget.spent());
    }
    written.map_err(|error| Refusal::Value(error, Direction::ToGuest))
}
