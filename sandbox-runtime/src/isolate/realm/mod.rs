//! The realm of a guest: a bare context of V8, with what ECMAScript defines, and one frozen global for each host contract.
//!
//! [`Realm::new`] runs before any code of a guest. Nothing that belongs to another realm is reachable from it.
//!
//! Where deno_core has JavaScript of its own, that code runs in another realm of the isolate. So `Deno`, `__bootstrap` and
//! the ops of deno_core need no removal here.

pub(super) mod callbacks;
mod error_classes;
mod frozen;
mod life;
pub(super) mod realm_globals;
mod realms;
mod resizable;
mod signals;
mod web;

#[cfg(feature = "process")]
pub(crate) use life::resets_itself;

use deno_core::v8;
use sandbox_core::contract::ContractSpec;

use super::state::Isolate;
use super::state::host::Host;
use super::state::op::HostOp;
use super::state::realm::Realm;
use super::state::refusal::Refusal;
use super::state::returned::Returned;
use super::{disabled_defenses, engine, shim};
use crate::isolate::engine::text::js_string;
use crate::options::{Intrinsics, Web};

/// The globals of a realm. Everything else that V8 puts on the global object is removed:
///
/// - `console`, `queueMicrotask`: no part of ECMAScript; `web` has bounded ones.
/// - `WebAssembly`: code that no limit was tested with.
/// - `SharedArrayBuffer`: memory that another thread could change during a crossing.
/// - `FinalizationRegistry`: callbacks outside of any call.
/// - `Temporal`: there or not, according to how V8 was built.
const GLOBALS: &[&str] = &[
    "AggregateError",
    "Array",
    "ArrayBuffer",
    "AsyncDisposableStack",
    "Atomics",
    "BigInt",
    "BigInt64Array",
    "BigUint64Array",
    "Boolean",
    "DataView",
    "Date",
    "DisposableStack",
    "Error",
    "EvalError",
    "Float16Array",
    "Float32Array",
    "Float64Array",
    "Function",
    "Infinity",
    "Int16Array",
    "Int32Array",
    "Int8Array",
    "Intl",
    "Iterator",
    "JSON",
    "Map",
    "Math",
    "NaN",
    "Number",
    "Object",
    "Promise",
    "Proxy",
    "RangeError",
    "ReferenceError",
    "Reflect",
    "RegExp",
    "Set",
    "String",
    "SuppressedError",
    "Symbol",
    "SyntaxError",
    "TypeError",
    "URIError",
    "Uint16Array",
    "Uint32Array",
    "Uint8Array",
    "Uint8ClampedArray",
    "WeakMap",
    "WeakRef",
    "WeakSet",
    "decodeURI",
    "decodeURIComponent",
    "encodeURI",
    "encodeURIComponent",
    "escape",
    "eval",
    "globalThis",
    "isFinite",
    "isNaN",
    "parseFloat",
    "parseInt",
    "undefined",
    "unescape",
];

impl Realm {
    /// Makes a realm, before any code of a guest runs. `host_realm` is the realm of deno_core, for `--cfg sandbox_leaky`
    /// alone. No guest has it.
    pub(super) fn new(
        scope: &mut v8::PinScope<'_, '_, ()>,
        isolate: &Isolate,
        host_realm: Option<&v8::Global<v8::Context>>,
        number: u64,
    ) -> Result<Self, String> {
        let (context, web) = create(scope, isolate, host_realm)?;
        let scope = &v8::ContextScope::new(scope, context);
        let mut realm = Self::of(scope, context, isolate, number)?;
        realm.web = web;
        realm.errors = error_classes::make(scope, &isolate.settings.error_classes)
            .ok_or("the classes of errors cannot be made")?;
        if isolate.hosts.iter().any(|host| host.spec.has_cancellations()) {
            let added = realm.add_signals(scope, isolate);
            added.ok_or("the classes of abort signals cannot be made")?;
        }
        Ok(realm)
    }
}

/// Errors of the scope's realm have no frames once the heap is full.
pub(super) fn keep_frames(scope: &v8::PinScope<'_, '_>) -> Result<(), String> {
    let frames = engine::Frames::of(scope).ok_or("`Error.stackTraceLimit` cannot be replaced")?;
    let isolate = Isolate::current(scope).ok_or("the current engine's isolate has no sandbox")?;
    isolate.heap.keep(frames);
    Ok(())
}

fn create<'s>(
    scope: &mut v8::PinScope<'s, '_, ()>,
    isolate: &Isolate,
    host_realm: Option<&v8::Global<v8::Context>>,
) -> Result<(v8::Local<'s, v8::Context>, v8::Global<v8::Object>), String> {
    let context = frozen::context(scope, &isolate.settings).ok_or("the context cannot be made")?;
    let host_realm = host_realm.filter(|_| disabled_defenses::HOST_REALM);
    let leaked = host_realm.map(|host_realm| disabled_defenses::shared(scope, host_realm, context));
    let scope = &mut v8::ContextScope::new(scope, context);
    keep_frames(scope)?;
    engine::bound_recursion(scope).ok_or("built-ins that recurse cannot be bounded")?;
    match isolate.settings.eval {
        _ if disabled_defenses::CODE_FROM_TEXT => {}
        true => engine::ask_for_code_from_text(scope, context, callbacks::code_from_text),
        false => engine::refuse_code_from_text(scope, context).ok_or("`eval` cannot be disabled")?,
    }
    let web = define_globals(scope, context, leaked, isolate)?;
    Ok((context, web))
}

fn define_globals(
    scope: &mut v8::PinScope<'_, '_>,
    context: v8::Local<'_, v8::Context>,
    mut leaked: Option<v8::Local<'_, v8::Context>>,
    isolate: &Isolate,
) -> Result<v8::Global<v8::Object>, String> {
    let Isolate { settings, hosts, returned, observed, .. } = isolate;
    let global = context.global(scope);
    if !disabled_defenses::UNCOUNTED_BUFFERS {
        resizable::count(scope).ok_or("the constructors of buffers cannot be replaced")?;
    }
    if !disabled_defenses::ALL_GLOBALS {
        remove_globals(scope, global, settings.wasm.then_some("WebAssembly"))?;
    }
    realm_globals::install(scope, settings).ok_or("the clock cannot be defined")?;
    let is_own = |host: &&Host| !settings.web.has_timers() || host.name() != Web::TIMERS_HOST;
    let names = hosts.iter().filter(is_own).map(|host| &*host.spec.name).collect::<Vec<_>>();
    let values = web::values(scope).ok_or("no object can be made")?;
    let web = web::install(scope, settings, &names, values)
        .ok_or("the console or the names of the web cannot be defined")?;
    let values = v8::Global::new(scope, values);
    let object = member(scope, global, "Object")?;
    let freeze = if disabled_defenses::NOT_FROZEN { object } else { member(scope, object, "freeze")? };
    for Host { spec, ops, .. } in hosts.iter().filter(is_own) {
        let home = leaked.take().unwrap_or(context);
        let parts = (returned, observed.is_some());
        let api = api(&v8::ContextScope::new(scope, home), spec, ops, freeze.into(), parts)
            .ok_or_else(|| format!("the shim of the contract `{}` cannot be evaluated", spec.name))?;
        define(scope, global, &spec.name, api)?;
    }
    if settings.intrinsics == Intrinsics::Frozen {
        let names = names.into_iter().chain(web).collect::<Vec<_>>();
        frozen::freeze(scope, settings, &names).ok_or("the intrinsics cannot be frozen")?;
    }
    Ok(values)
}

fn remove_globals(
    scope: &v8::PinScope<'_, '_>,
    global: v8::Local<'_, v8::Object>,
    spared: Option<&str>,
) -> Result<(), String> {
    let allowed = GLOBALS.iter().copied().chain(spared).collect::<Vec<_>>();
    remove_all_but(scope, global, &allowed)?;
    remove(scope, member(scope, global, "Atomics")?, "waitAsync")
}

fn remove_all_but(
    scope: &v8::PinScope<'_, '_>,
    object: v8::Local<'_, v8::Object>,
    allowed: &[&str],
) -> Result<(), String> {
    let names = own_keys(scope, object).ok_or("the globals cannot be listed")?;
    for index in 0..names.length() {
        let name = names.get_index(scope, index).ok_or("the globals cannot be listed")?;
        let text = name.to_rust_string_lossy(scope);
        if !allowed.contains(&text.as_str()) || name.is_symbol() {
            delete(scope, object, name).ok_or_else(|| format!("`{text}` cannot be removed"))?;
        }
    }
    Ok(())
}

/// The keys of all own properties: texts, indexes as texts, and symbols.
pub(in crate::isolate) fn own_keys<'s>(
    scope: &v8::PinScope<'s, '_>,
    object: v8::Local<'_, v8::Object>,
) -> Option<v8::Local<'s, v8::Array>> {
    let all = v8::GetPropertyNamesArgsBuilder::new()
        .mode(v8::KeyCollectionMode::OwnOnly)
        .property_filter(v8::PropertyFilter::ALL_PROPERTIES)
        .index_filter(v8::IndexFilter::IncludeIndices)
        .key_conversion(v8::KeyConversionMode::ConvertToString)
        .build();
    object.get_own_property_names(scope, all)
}

fn delete(
    scope: &v8::PinScope<'_, '_>,
    object: v8::Local<'_, v8::Object>,
    key: v8::Local<'_, v8::Value>,
) -> Option<()> {
    (object.delete(scope, key)? && !object.has_own_property(scope, key.try_cast().ok()?)?).then_some(())
}

fn remove(scope: &v8::PinScope<'_, '_>, object: v8::Local<'_, v8::Object>, name: &str) -> Result<(), String> {
    delete(scope, object, key(scope, name)?.into()).ok_or_else(|| format!("`{name}` cannot be removed"))
}

fn key<'s>(scope: &v8::PinScope<'s, '_>, name: &str) -> Result<v8::Local<'s, v8::Name>, String> {
    let name = js_string(scope, name, v8::NewStringType::Internalized).map_err(|error| error.to_string())?;
    Ok(name.into())
}

fn member<'s>(
    scope: &v8::PinScope<'s, '_>,
    object: v8::Local<'_, v8::Object>,
    name: &str,
) -> Result<v8::Local<'s, v8::Object>, String> {
    let value = object.get(scope, key(scope, name)?.into());
    value.and_then(|value| value.try_cast().ok()).ok_or_else(|| format!("V8 has no `{name}`"))
}

/// A property that cannot be changed or removed.
fn define(
    scope: &v8::PinScope<'_, '_>,
    object: v8::Local<'_, v8::Object>,
    name: &str,
    value: v8::Local<'_, v8::Value>,
) -> Result<(), String> {
    let constant = v8::PropertyAttribute::READ_ONLY | v8::PropertyAttribute::DONT_DELETE;
    let attributes = if disabled_defenses::NOT_FROZEN { v8::PropertyAttribute::NONE } else { constant };
    match object.define_own_property(scope, key(scope, name)?, value, attributes) {
        Some(true) => Ok(()),
        _ => Err(format!("the global `{name}` cannot be defined")),
    }
}

/// The object through which a program of the runtime calls a contract. No guest gets it.
fn api_of<'s>(
    scope: &v8::PinScope<'s, '_>,
    isolate: &Isolate,
    Host { spec, ops, .. }: &Host,
    freeze: v8::Local<'s, v8::Value>,
) -> Option<v8::Local<'s, v8::Value>> {
    api(scope, spec, ops, freeze, (&isolate.returned, isolate.observed.is_some()))
}

/// The frozen object through which a guest calls a contract.
fn api<'s>(
    scope: &v8::PinScope<'s, '_>,
    spec: &ContractSpec,
    ops: &[HostOp],
    freeze: v8::Local<'s, v8::Value>,
    (returned, is_observed): (&Returned, bool),
) -> Option<v8::Local<'s, v8::Value>> {
    let functions = ops.iter().map(|op| op.functions(scope, is_observed)).collect::<Option<Vec<_>>>()?;
    let checked = functions.iter().map(|(checked, _)| (*checked).into()).collect::<Vec<_>>();
    let undefined: v8::Local<'_, v8::Value> = v8::undefined(scope).into();
    let fast = functions.iter().map(|(_, fast)| fast.map_or(undefined, Into::into)).collect::<Vec<_>>();
    let arguments = [
        engine::list(scope, &fast)?.into(),
        engine::list(scope, &checked)?.into(),
        freeze,
        returned.view(scope)?,
        Refusal::thrower(scope)?,
    ];
    let name = js_string(scope, &shim::script_name(spec), v8::NewStringType::Normal).ok()?;
    let programs = &Isolate::current(scope)?.programs;
    let shim = programs.function(scope, name, &shim::source(spec, ops), &shim::PARAMETERS)?;
    shim.call(scope, undefined, &arguments)
}
