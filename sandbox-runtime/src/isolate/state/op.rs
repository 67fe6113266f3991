//! Ops as data: the functions through which a guest calls a host method.
//!
//! `ops` makes the functions from a method's marker type. `realm` instantiates them in a realm, and only shims call them.

use deno_core::v8;
use deno_core::v8::fast_api::CFunction;

use super::method_info::MethodInfo;
#[cfg(feature = "process")]
use super::plain_op::PlainOp;
use crate::isolate::engine;

/// A host method as an op.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct HostOp {
    pub(in crate::isolate) slow: v8::FunctionCallback,
    pub(in crate::isolate) fast: Option<FastCall>,
    /// The declaration for deno_core; `None` for a method that is known as data alone.
    #[cfg_attr(
        not(any(feature = "deno_core", feature = "quickjs", sandbox_leaky)),
        allow(dead_code, reason = "no one does")
    )]
    pub(in crate::isolate) declared: Option<Declared>,
    /// The address of the method, when one function serves many methods.
    pub(in crate::isolate) address: Option<u32>,
    /// The method over plain data.
    #[cfg(feature = "process")]
    pub(crate) plain: PlainOp,
}

impl HostOp {
    /// The op of a method that is known as data alone.
    pub(in crate::isolate) fn untyped(slow: v8::FunctionCallback, address: u32) -> Self {
        Self {
            slow,
            fast: None,
            declared: None,
            address: Some(address),
            #[cfg(feature = "process")]
            plain: PlainOp::UNTYPED,
        }
    }
}

/// A method, and its slow function with the status that deno_core expects.
pub(in crate::isolate) type Declared =
    (&'static MethodInfo<'static>, fn(*const v8::FunctionCallbackInfo) -> usize);

/// The fast function of an op: its address and its C types.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct FastCall {
    pub(in crate::isolate) function: &'static [CFunction; 1],
    pub(in crate::isolate) gives: Gives,
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
    /// The op without its fast function.
    #[cfg(feature = "deno_core")]
    pub(in crate::isolate) fn without_fast(&self) -> Self {
        Self { fast: None, ..*self }
    }

    /// The kind of the fast function's result; `None` without a fast function.
    #[must_use]
    pub(crate) fn gives(&self) -> Option<Gives> {
        self.fast.map(|fast| fast.gives)
    }

    /// The functions of the op in the current realm: the checked one, and the fast one if there is one. The fast one makes no
    /// fast calls where observers are told of each host call.
    pub(crate) fn functions<'s>(
        &self,
        scope: &v8::PinScope<'s, '_>,
        is_observed: bool,
    ) -> Option<(v8::Local<'s, v8::Function>, Option<v8::Local<'s, v8::Function>>)> {
        let template = || {
            let template = v8::FunctionTemplate::builder_raw(self.slow);
            if let Some(address) = self.address {
                return template.data(v8::Integer::new_from_unsigned(scope, address).into());
            }
            template
        };
        let checked = template().constructor_behavior(v8::ConstructorBehavior::Throw).build(scope);
        let fast = self.fast.map(|fast| match engine::CALLS_FAST && !is_observed {
            true => template().build_fast(scope, fast.function),
            false => template().build(scope),
        });
        let fast = match fast {
            Some(fast) => Some(fast.get_function(scope)?),
            None => None,
        };
        Some((checked.get_function(scope)?, fast))
    }
}
