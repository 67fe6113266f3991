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
//! An error that an op throws also belongs to the guest's realm. Where a `JsRuntime` sets the engine up (`state::runtime`),
//! the same functions are an `OpDecl` of its `Extension` as well. An op finds its isolate through V8's data slot, and a fast
//! op through a thread-local variable. deno_core's `OpCtx` is not used, so an op behaves alike wherever it was instantiated.
//!
//! A rejected alternative is one generic `#[op2] fn call<M>` whose declaration is renamed for each method. That function
//! cannot have a fast call, because `#[op2]` fixes the C signature when the macro runs, before a type is known. The host
//! would also be found through a `RefCell` and a map of type ids. Two numbers in a hot loop took 27 times as long as with
//! `#[op2(fast)]` by hand. `docs/benchmarks.md` has the times of this module.

pub(crate) mod async_op;
pub(crate) mod fast;
mod fast_callback;
#[cfg(feature = "process")]
pub(crate) mod host_dispatch;
#[cfg(feature = "process")]
pub(crate) mod pending_host_call;

use std::any::TypeId;
use std::borrow::Cow;
use std::rc::Rc;

use deno_core::v8;

use super::host_calls::{answer, begin};
use super::state::Isolate;
use super::state::guest_objects::{GuestParts, Proxy};
use super::state::handle_shims::number_of;
use super::state::host::Host;
pub(crate) use super::state::host_handles::HandleParts;
use super::state::host_handles::HostHandles;
pub use super::state::host_handles::HostParts;
use super::state::isolate_link::ObjectTransport;
use super::state::method_info::MethodInfo;
pub use super::state::op::{FastCall, FastCallback, HostOp};
#[cfg(feature = "process")]
use super::state::plain_op::PlainOp;
use super::state::refusal::{Refusal, caught};
use super::values::{ArgumentReader, Passed, Seen, owned_to_guest};
use crate::boundary::ValueError;
use crate::contract::{
    Arguments, AsyncHostMethod, ByHandle, Contract, Crosses, HostContract, HostMethod, Hosted, Reply,
    SpecRef, enforce,
};
use crate::error::Direction;
use crate::guest_error::HostError;
use crate::panic::drop_of_host;
use crate::schema::{ContractChecks, MethodChecks, TypeCheck};

impl MethodInfo<'static> {
    /// A method that the host implements.
    pub(super) const fn hosted<M: HostMethod>() -> &'static Self {
        const { &Self::of::<M>(M::FAST.is_none()) }
    }
}

impl Host {
    pub(crate) fn new<C: ?Sized + HostContract>(object: Box<C>) -> Result<Self, String> {
        let checks = ContractChecks::of(TypeId::of::<C>(), C::SPEC)?;
        let (spec, ops) = (SpecRef::Static(C::SPEC), Cow::Borrowed(C::OPS));
        Ok(Self::of(TypeId::of::<C>(), spec, ops, checks, Rc::new(object)))
    }

    /// The implementation, for a future that keeps it.
    pub(super) fn hold<C: ?Sized + Contract>(&self) -> Option<Hosted<C>> {
        self.object.clone().downcast::<Box<C>>().ok().map(Hosted::Host)
    }
}

impl HandleParts {
    /// The parts that the engine has of the contract `C`.
    pub(crate) const fn of<C: ?Sized + ByHandle>() -> Self {
        let guest = match C::OBJECT {
            Some(_) => Some(GuestParts { spec: C::OF_GUEST, checks: C::CHECKS, make: made::<C> }),
            None => None,
        };
        Self { host: C::HOST, guest, form: C::SPEC.form }
    }
}

impl HostParts {
    /// The parts of the contract `C`.
    #[must_use]
    pub const fn of<C: ?Sized + HostContract>() -> Self {
        Self(handled::<C>)
    }
}

/// The host's proxy of an object of a guest.
fn made<C: ?Sized + ByHandle>(transport: ObjectTransport) -> Option<Proxy> {
    C::OBJECT.map(|make| Proxy::new(make(transport)))
}

/// The facts of a contract without an implementation of the sandbox.
fn handled<C: ?Sized + HostContract>() -> Result<Host, String> {
    let checks = ContractChecks::of(TypeId::of::<C>(), C::SPEC)?;
    let (spec, ops) = (SpecRef::Static(C::SPEC), Cow::Borrowed(C::OPS));
    Ok(Host::of(TypeId::of::<C>(), spec, ops, checks, Rc::new(())))
}

impl HostOp {
    /// The op of a method.
    #[must_use]
    pub const fn of<M: HostMethod>() -> Self {
        Self {
            slow: slow::<M>,
            fast: M::FAST,
            callback: M::CALLBACK,
            declared: Some((MethodInfo::hosted::<M>(), slow_impl::<M>)),
            address: None,
            #[cfg(feature = "process")]
            plain: PlainOp::of::<M>(),
        }
    }

    /// The op of an `async` method.
    #[must_use]
    pub const fn of_async<M: AsyncHostMethod>() -> Self {
        Self {
            slow: async_op::slow::<M>,
            fast: None,
            callback: None,
            declared: Some((MethodInfo::billed::<M>(), async_op::slow_impl::<M>)),
            address: None,
            #[cfg(feature = "process")]
            plain: PlainOp::of_async::<M>(),
        }
    }
}

/// Calls a host method, if the sandbox has an implementation, or the method of a handle. This function, and the macro's output,
/// are the only code that is compiled for each method.
fn invoke<'s, M: HostMethod>(
    isolate: &Isolate,
    handle: Option<u64>,
    args: M::Owned,
    reply: SlowReply<'_, 's, '_>,
) -> Written<'s> {
    match handle {
        None => M::invoke(isolate.implementation::<M::Contract>().ok_or(Refusal::Absent)?, args, reply),
        Some(handle) => {
            let host = isolate.handles.implementation::<M::Contract>(handle);
            let host = host.ok_or_else(|| HostHandles::refusal(handle))?;
            let written = caught(|| M::invoke(&host, args, reply));
            // The guest may have disposed the handle meanwhile, and this is the last that holds the object. Its drop may panic,
            // and a panic of the method has ended.
            drop_of_host(host);
            written?
        }
    }
}

type Invoke<'s, A> = for<'r, 'i> fn(&'r Isolate, Option<u64>, A, SlowReply<'r, 's, 'i>) -> Written<'s>;

/// The handle whose method is called. A shim of handles passes the number behind the arguments.
pub(super) fn handle_of(
    arguments: &v8::FunctionCallbackArguments<'_>,
    method: &MethodInfo,
) -> Result<Option<u64>, Refusal> {
    let params = i32::try_from(method.spec.arity()).unwrap_or(i32::MAX);
    if arguments.length() <= params {
        return Ok(None);
    }
    number_of(arguments.get(params)).map(Some).ok_or(Refusal::Disposed)
}

unsafe extern "C" fn slow<M: HostMethod>(info: *const v8::FunctionCallbackInfo) {
    slow_impl::<M>(info);
}

fn slow_impl<M: HostMethod>(info: *const v8::FunctionCallbackInfo) -> usize {
    let method = MethodInfo::hosted::<M>();
    serve_info(info, method, invoke::<M>)
}

fn serve_info<A: Arguments<Owned = A>>(
    info: *const v8::FunctionCallbackInfo,
    method: &MethodInfo,
    invoke: for<'r, 's, 'i> fn(&'r Isolate, Option<u64>, A, SlowReply<'r, 's, 'i>) -> Written<'s>,
) -> usize {
    answer(info, method.place(), |scope, arguments| serve(scope, arguments, method, invoke))
}

/// Calls a host method. The arguments have been read and nothing of V8 is borrowed when it runs, so it may call its guest again.
/// A panic ends here: the caller's frame is C++.
fn serve<'s, A: Arguments<Owned = A>>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: &v8::FunctionCallbackArguments<'s>,
    method: &MethodInfo,
    invoke: Invoke<'s, A>,
) -> Written<'s> {
    let call = begin(scope, method)?;
    let written = serve_begun(scope, arguments, method, invoke);
    call.end(&written);
    written
}

fn serve_begun<'s, A: Arguments<Owned = A>>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: &v8::FunctionCallbackArguments<'s>,
    method: &MethodInfo,
    invoke: Invoke<'s, A>,
) -> Written<'s> {
    let handle = handle_of(arguments, method)?;
    let args = read_arguments::<A>(scope, arguments, method)?;
    let isolate = Isolate::current(scope).ok_or(Refusal::Absent)?;
    let check = &isolate.checks(method)?.returns;
    let reply = SlowReply { scope, isolate, check, method };
    let written = caught(|| invoke(isolate, handle, args, reply));
    isolate.keep_terminating();
    written?
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
    let values = values.map(|((param, check), index)| (arguments.get(index), check, &*param.name));
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
        Err(_) if isolate.is_ended() => Err(Refusal::Ended),
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
    let (budget, params) = (isolate.budget().scoped(method.spec.is_scoped), &*method.spec.params);
    let passed = Passed::Call(scope, arguments);
    let mut reader = ArgumentReader { budget: &budget, params, arguments: passed, seen, next: 0 };
    let args = A::read(&mut reader)?;
    if method.is_billed {
        isolate.call.add_out(budget.spent());
    }
    enforce(&args, params, checks)?;
    Ok((args, budget.is_in_doubt() || checks.is_read_constrained))
}

/// Writes a result as a value of V8.
struct SlowReply<'r, 's, 'i> {
    scope: &'r v8::PinScope<'s, 'i>,
    isolate: &'r Isolate,
    check: &'r TypeCheck,
    method: &'r MethodInfo<'r>,
}

/// The result of the host as a value of V8.
type Written<'s> = Result<v8::Local<'s, v8::Value>, Refusal>;

impl<'s> Reply for SlowReply<'_, 's, '_> {
    type Done = Written<'s>;

    fn done<V: Crosses>(self, outcome: Result<V, HostError>) -> Self::Done {
        let value = outcome.map_err(Refusal::Host)?;
        write_result(self.scope, self.isolate, self.check, value, self.method)
    }
}

/// Checks the result of a host method, and writes it as a value of V8.
pub(super) fn write_result<'s, V: Crosses>(
    scope: &v8::PinScope<'s, '_>,
    isolate: &Isolate,
    check: &TypeCheck,
    value: V,
    method: &MethodInfo,
) -> Result<v8::Local<'s, v8::Value>, Refusal> {
    let budget = isolate.budget().scoped(method.spec.is_scoped);
    let written = check
        .enforce(&value, "result")
        .and_then(|()| owned_to_guest(scope, &budget, value).map_err(|error| error.inside("result")));
    if method.is_billed {
        isolate.call.add_in(budget.spent());
    }
    written.map_err(|error| match isolate.is_ended() {
        true => Refusal::Ended,
        false => Refusal::Value(error, Direction::ToGuest),
    })
}
