//! Asynchronous host methods.

use deno_core::v8;

use crate::contract::AsyncHostMethod;

pub(super) unsafe extern "C" fn slow<M: AsyncHostMethod>(info: *const v8::FunctionCallbackInfo) {
    slow_impl::<M>(info);
}

pub(super) fn slow_impl<M: AsyncHostMethod>(_info: *const v8::FunctionCallbackInfo) -> usize {
    1
}
