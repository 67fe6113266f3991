//! Ops as data: the functions through which a guest calls a host method.
//!
//! `ops` makes the functions from a method's marker type. `realm` instantiates them in a realm, and only shims call them.

use deno_core::v8;
use deno_core::v8::fast_api::CFunction;
use sandbox_core::contract::{Kind, MethodSpec};

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
    /// The fast function of a callback, if all types are numbers.
    pub(in crate::isolate) callback: Option<FastCallback>,
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
            callback: None,
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
    /// The function for methods of handles. The number of a handle is the last argument.
    pub(in crate::isolate) of_handle: &'static [CFunction; 1],
    pub(in crate::isolate) gives: Gives,
}

/// The fast function of a callback. Its types are known when the program runs.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct FastCallback {
    /// The arguments are floats, and the last one is the number of the callback.
    pub(in crate::isolate) function: &'static [CFunction; 1],
    /// The kinds of the arguments and of the result; `None` if one of them is no scalar.
    pub(in crate::isolate) types: fn() -> Option<ScalarTypes>,
}

/// The types of a fast call.
pub(in crate::isolate) type ScalarTypes = (Vec<Kind>, Gives);

/// The fast function of a method of handles.
pub(in crate::isolate) struct HandleCall {
    function: &'static [CFunction; 1],
    pub(in crate::isolate) types: ScalarTypes,
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
    ) -> Option<OpFunctions<'s>> {
        self.both(scope, self.fast.map(|fast| fast.function), is_observed)
    }

    /// The functions for methods of handles.
    pub(in crate::isolate) fn handle_functions<'s>(
        &self,
        scope: &v8::PinScope<'s, '_>,
        call: Option<&HandleCall>,
        is_observed: bool,
    ) -> Option<OpFunctions<'s>> {
        self.both(scope, call.map(|call| call.function), is_observed)
    }

    /// The fast call of the method for handles, if there is one.
    pub(in crate::isolate) fn handle_call(&self, method: &MethodSpec) -> Option<HandleCall> {
        if let Some(callback) = self.callback {
            return Some(HandleCall { function: callback.function, types: (callback.types)()? });
        }
        let fast = self.fast?;
        let kinds = method.params.iter().map(|param| param.kind).collect();
        Some(HandleCall { function: fast.of_handle, types: (kinds, fast.gives) })
    }

    fn both<'s>(
        &self,
        scope: &v8::PinScope<'s, '_>,
        fast: Option<&'static [CFunction; 1]>,
        is_observed: bool,
    ) -> Option<OpFunctions<'s>> {
        let template = || {
            let template = v8::FunctionTemplate::builder_raw(self.slow);
            if let Some(address) = self.address {
                return template.data(v8::Integer::new_from_unsigned(scope, address).into());
            }
            template
        };
        let checked = template().constructor_behavior(v8::ConstructorBehavior::Throw).build(scope);
        let fast = fast.map(|fast| match engine::CALLS_FAST && !is_observed {
            true => template().build_fast(scope, fast),
            false => template().build(scope),
        });
        let fast = match fast {
            Some(fast) => Some(fast.get_function(scope)?),
            None => None,
        };
        Some((checked.get_function(scope)?, fast))
    }
}

/// The checked function of an op, and the fast one if there is one.
pub(in crate::isolate) type OpFunctions<'s> =
    (v8::Local<'s, v8::Function>, Option<v8::Local<'s, v8::Function>>);
