//! Contexts whose intrinsics are changed before V8 watches them.
//!
//! V8 has shortcuts for arrays, promises and iterators, each under the condition that certain properties of intrinsics were
//! never touched. Making such a property constant counts as touching, although its value stays. While V8 makes a context,
//! it does not watch (`LookupIterator::InternalUpdateProtector` returns when the bootstrapper is active), and runs the
//! scripts of the extensions that the context asks for. So a script of ours runs there. The crate `v8` binds neither
//! `v8::Extension` nor the parameter of `v8::Context::New` for extensions, so both are declared here, with the names and the
//! calling convention that all systems but Windows share. There `bootstrap_msvc` takes the place of this module.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::{NonNull, null};

use deno_core::v8;

use super::plain_intrinsics;

/// Whether the script runs.
pub(crate) const RUNS: bool = true;

/// The name of the extension. No guest sees it.
const NAME: &CStr = c"sandbox";

/// The script of the extension.
fn script() -> String {
    let rows = plain_intrinsics::rows();
    let (names, body) = (include_str!("intrinsics.js"), include_str!("bootstrap.js"));
    format!("(function (rows) {{ \"use strict\";\n{names}\n{body}\n}})({rows});")
}

/// Room for a `v8::Extension`: a table of functions, a name, a script, a number, a list, a flag.
const WORDS: usize = 8;

/// Makes V8 know the extension. Contexts that do not ask for it never run it.
///
/// The list of extensions is V8's own, and is not locked. [`super::start`] calls this once for the process, before the first
/// isolate of this crate.
pub(super) fn register() {
    let Ok(script) = CString::new(script()) else { return };
    let extension = NonNull::from(Box::leak(Box::new([0_u64; WORDS]))).cast::<c_void>();
    // SAFETY: the constructor writes six words at most into memory of eight, which is aligned for them and lives as long
    // as the process, and so do both texts, which end with 0. No extension is a dependency. `RegisterExtension` takes a
    // `std::unique_ptr`, which V8's libc++ passes as the bare pointer. V8 drops the extension only with all of V8, which
    // deno_core never does.
    unsafe {
        new_extension(extension.as_ptr(), NAME.as_ptr(), script.into_raw(), 0, null(), -1);
        register_extension(extension.as_ptr());
    }
}

/// Makes a context after whose making the script has run. `None` when V8 has no memory for it, or the script threw.
pub(crate) fn context<'s>(scope: &v8::PinScope<'s, '_, ()>) -> Option<v8::Local<'s, v8::Context>> {
    let names = [NAME.as_ptr()];
    let extensions = Extensions { count: 1, names: names.as_ptr() };
    // SAFETY: the isolate is that of the scope, and current. The list lives until the call returns. A null pointer stands for
    // each part that is not given, as in V8's header. `UnsafeRawIsolatePtr` is one pointer. The handle that comes back is
    // empty, which is null, or one of the scope's `HandleScope`, and `Local` is one pointer that is never null.
    unsafe {
        let isolate = scope.as_raw_isolate_ptr();
        let context = new_context(isolate, &raw const extensions, null(), null(), NONE, null(), NONE, NONE);
        NonNull::new(context.cast_mut())
            .map(|context| std::mem::transmute::<NonNull<v8::Context>, v8::Local<'s, v8::Context>>(context))
    }
}

/// Defines a property that V8 treats as data, whose value is what `get` gives. V8 may call `get` wherever it reads data, such
/// as the number of frames of an error. The crate `v8` has no parameter for that.
pub(crate) fn define_native(
    scope: &v8::PinScope<'_, '_>,
    object: v8::Local<'_, v8::Object>,
    key: v8::Local<'_, v8::Name>,
    (get, set): (
        impl v8::MapFnTo<v8::AccessorNameGetterCallback>,
        impl v8::MapFnTo<v8::AccessorNameSetterCallback>,
    ),
    data: v8::Local<'_, v8::Value>,
    attributes: v8::PropertyAttribute,
) -> Option<()> {
    let (get, set, context) = (get.map_fn_to(), set.map_fn_to(), scope.get_current_context());
    // SAFETY: the handles are of the scope, and live until the call returns. Each is passed as the pointer that it is. Both
    // functions have the signatures that the crate `v8` gives to the same callbacks.
    let outcome = unsafe {
        set_native(&*object, &*context, &*key, get, set, &*data, attributes, NO_SIDE_EFFECT, SIDE_EFFECT)
    };
    (outcome.is_just && outcome.value).then_some(())
}

/// `v8::Maybe<bool>`.
#[repr(C)]
struct MaybeBool {
    is_just: bool,
    value: bool,
}

/// `v8::SideEffectType::kHasSideEffect`.
const SIDE_EFFECT: c_int = 0;
/// `v8::SideEffectType::kHasNoSideEffect`.
const NO_SIDE_EFFECT: c_int = 1;

/// `v8::ExtensionConfiguration`.
#[repr(C)]
struct Extensions {
    count: c_int,
    names: *const *const c_char,
}

/// A callback with its data, as `v8::DeserializeInternalFieldsCallback` and its like.
#[repr(C)]
#[derive(Clone, Copy)]
struct SetupCallback {
    function: *const c_void,
    data: *const c_void,
}

const NONE: SetupCallback = SetupCallback { function: null(), data: null() };

unsafe extern "C" {
    /// `v8::Extension::Extension`: where, the name, the script, its dependencies, and the script's length, or -1.
    #[link_name = "_ZN2v89ExtensionC1EPKcS2_iPS2_i"]
    fn new_extension(
        extension: *mut c_void,
        name: *const c_char,
        script: *const c_char,
        dependencies: c_int,
        names: *const *const c_char,
        length: c_int,
    );

    /// `v8::RegisterExtension`.
    #[link_name = "_ZN2v817RegisterExtensionENSt4__Cr10unique_ptrINS_9ExtensionENS0_14default_deleteIS2_EEEE"]
    fn register_extension(extension: *mut c_void);

    /// `v8::Context::New`.
    #[link_name = "_ZN2v87Context3NewEPNS_7IsolateEPNS_22ExtensionConfigurationENS_10MaybeLocalINS_14ObjectTemplateEEENS5_INS_5ValueEEENS_33DeserializeInternalFieldsCallbackEPNS_14MicrotaskQueueENS_30DeserializeContextDataCallbackENS_29DeserializeAPIWrapperCallbackE"]
    fn new_context(
        isolate: v8::UnsafeRawIsolatePtr,
        extensions: *const Extensions,
        template: *const c_void,
        global: *const c_void,
        internal_fields: SetupCallback,
        microtasks: *const c_void,
        context_data: SetupCallback,
        wrappers: SetupCallback,
    ) -> *const v8::Context;

    /// `v8::Object::SetNativeDataProperty`.
    #[link_name = "_ZN2v86Object21SetNativeDataPropertyENS_5LocalINS_7ContextEEENS1_INS_4NameEEEPFvS5_RKNS_20PropertyCallbackInfoINS_5ValueEEEEPFvS5_NS1_IS7_EERKNS6_IvEEESD_NS_17PropertyAttributeENS_14SideEffectTypeESK_"]
    fn set_native(
        object: *const v8::Object,
        context: *const v8::Context,
        key: *const v8::Name,
        get: v8::AccessorNameGetterCallback,
        set: v8::AccessorNameSetterCallback,
        data: *const v8::Value,
        attributes: v8::PropertyAttribute,
        get_has: c_int,
        set_has: c_int,
    ) -> MaybeBool;
}
