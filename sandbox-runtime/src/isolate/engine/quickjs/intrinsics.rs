//! Functions of a realm that replace faulty functions of the layer over QuickJS.
//!
//! A realm captures them before a guest can change what they use. `values` and `isolate::pending` call them through
//! `isolate::engine`. V8's file has the same names, and calls V8 itself.

use deno_core::v8;

use super::run;
use crate::isolate::Isolate;

/// Functions of a realm that replace faulty functions of the engine's layer. The layer converts BigInts with the text of a
/// program, which is slow and uses whatever the guest has put in the place of `BigInt`.
pub(crate) struct EngineIntrinsics {
    split: v8::Global<v8::Function>,
    join: v8::Global<v8::Function>,
    settle: v8::Global<v8::Function>,
    size: v8::Global<v8::Function>,
    items: v8::Global<v8::Function>,
    promising: v8::Global<v8::Function>,
}

impl EngineIntrinsics {
    /// Captures the functions before a guest can change them.
    pub(crate) fn of(scope: &v8::PinScope<'_, '_>) -> Option<Self> {
        const SOURCE: &str = r#"
            "use strict";
            const number = Number, big = BigInt, end = 1n << 128n, mask = 0xffffffffn;
            const split = (x) => {
                const size = x < 0n ? -x : x;
                if (size >= end) return undefined;
                const part = (at) => number((size >> at) & mask);
                return [x < 0n, part(0n), part(32n), part(64n), part(96n)];
            };
            const join = (negative, a, b, c, d) => {
                const size = big(a) | big(b) << 32n | big(c) << 64n | big(d) << 96n;
                return negative ? -size : size;
            };
            const uncurried = (f) => Function.prototype.call.bind(f);
            const typed = Object.getPrototypeOf(Uint8Array.prototype);
            const length = uncurried(Object.getOwnPropertyDescriptor(typed, "length").get);
            const tag = uncurried(Object.getOwnPropertyDescriptor(typed, Symbol.toStringTag).get);
            const buffer = uncurried(Object.getOwnPropertyDescriptor(typed, "buffer").get);
            const resizable = uncurried(Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "resizable").get);
            const kinds = { __proto__: null, Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array,
                Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array, Float16Array };
            const settle = (view) => {
                if (!resizable(buffer(view))) return view;
                const copy = new kinds[tag(view)](length(view));
                for (let i = 0; i < copy.length; i++) copy[i] = view[i];
                return copy;
            };
            const getter = (prototype, name) => uncurried(Object.getOwnPropertyDescriptor(prototype, name).get);
            const mapSize = getter(Map.prototype, "size"), setSize = getter(Set.prototype, "size");
            const eachOfMap = uncurried(Map.prototype.forEach), eachOfSet = uncurried(Set.prototype.forEach);
            const define = Reflect.defineProperty;
            const size = (collection, isMap) => isMap ? mapSize(collection) : setSize(collection);
            const items = (collection, isMap) => {
                const list = [];
                let end = 0;
                const push = (value) => {
                    define(list, end++, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
                };
                if (isMap) eachOfMap(collection, (value, key) => { push(key); push(value); });
                else eachOfSet(collection, push);
                return list;
            };
            const Settled = Promise;
            const promising = () => {
                let resolve, reject;
                const promise = new Settled((first, second) => { resolve = first; reject = second; });
                return [promise, resolve, reject];
            };
            return [split, join, settle, size, items, promising];
        "#;
        let pair = run(scope, SOURCE)?.try_cast::<v8::Object>().ok()?;
        let function = |at| {
            let function = pair.get_index(scope, at)?.try_cast::<v8::Function>().ok()?;
            Some(v8::Global::new(scope, function))
        };
        Some(Self {
            split: function(0)?,
            join: function(1)?,
            settle: function(2)?,
            size: function(3)?,
            items: function(4)?,
            promising: function(5)?,
        })
    }
}

/// Calls one of the functions that the current realm captured.
fn own<'s>(
    scope: &v8::PinScope<'s, '_>,
    which: impl FnOnce(&EngineIntrinsics) -> &v8::Global<v8::Function>,
    arguments: &[v8::Local<'_, v8::Value>],
) -> Option<v8::Local<'s, v8::Value>> {
    let function = Isolate::current(scope)?.with_intrinsics(|own| v8::Local::new(scope, which(own)))?;
    function.call(scope, v8::undefined(scope).into(), arguments)
}

/// The sign and the magnitude of a BigInt of at most 128 bits.
pub(crate) fn big_value(
    scope: &v8::PinScope<'_, '_>,
    bigint: v8::Local<'_, v8::BigInt>,
) -> Option<(bool, u128)> {
    let parts = own(scope, |own| &own.split, &[bigint.into()])?.try_cast::<v8::Object>().ok()?;
    let negative = parts.get_index(scope, 0)?.is_true();
    let mut size = 0;
    for at in (1..=4).rev() {
        size = size << 32 | u128::from(parts.get_index(scope, at)?.uint32_value(scope)?);
    }
    Some((negative, size))
}

/// A BigInt of two words, the lower first.
#[expect(clippy::cast_possible_truncation, reason = "the halves are taken apart")]
pub(crate) fn big<'s>(
    scope: &v8::PinScope<'s, '_>,
    negative: bool,
    words: [u64; 2],
) -> Option<v8::Local<'s, v8::BigInt>> {
    let negative = v8::Boolean::new(scope, negative).into();
    let part = |part: u64| v8::Integer::new_from_unsigned(scope, part as u32).into();
    let [low, high] = words;
    let arguments = [negative, part(low), part(low >> 32), part(high), part(high >> 32)];
    own(scope, |own| &own.join, &arguments)?.try_cast().ok()
}

/// A typed array whose length the engine knows. After its buffer has been resized, the engine still answers the old length,
/// and a copy would read beyond the end. This function returns a copy with the length that the guest sees.
pub(crate) fn settled<'s>(
    scope: &v8::PinScope<'s, '_>,
    view: v8::Local<'s, v8::TypedArray>,
) -> Option<v8::Local<'s, v8::TypedArray>> {
    own(scope, |own| &own.settle, &[view.into()])?.try_cast().ok()
}

/// How many entries a Map has. The engine's own answer is the property `size`, which a guest can redefine.
pub(crate) fn map_size(scope: &v8::PinScope<'_, '_>, map: v8::Local<'_, v8::Map>) -> usize {
    size(scope, map.into(), true)
}

/// How many elements a Set has.
pub(crate) fn set_size(scope: &v8::PinScope<'_, '_>, set: v8::Local<'_, v8::Set>) -> usize {
    size(scope, set.into(), false)
}

fn size(scope: &v8::PinScope<'_, '_>, collection: v8::Local<'_, v8::Value>, is_map: bool) -> usize {
    let is_map = v8::Boolean::new(scope, is_map).into();
    let size = own(scope, |own| &own.size, &[collection, is_map]).and_then(|size| size.number_value(scope));
    // Without memory for the answer the collection counts as endless.
    size.map_or(usize::MAX, |size| size as usize)
}

/// The keys and values of a Map in turn. The engine's own way calls the guest's `forEach`.
pub(crate) fn map_items<'s>(
    scope: &v8::PinScope<'s, '_>,
    map: v8::Local<'s, v8::Map>,
) -> Option<v8::Local<'s, v8::Array>> {
    items(scope, map.into(), true)
}

/// The elements of a Set.
pub(crate) fn set_items<'s>(
    scope: &v8::PinScope<'s, '_>,
    set: v8::Local<'s, v8::Set>,
) -> Option<v8::Local<'s, v8::Array>> {
    items(scope, set.into(), false)
}

fn items<'s>(
    scope: &v8::PinScope<'s, '_>,
    collection: v8::Local<'s, v8::Value>,
    is_map: bool,
) -> Option<v8::Local<'s, v8::Array>> {
    let is_map = v8::Boolean::new(scope, is_map).into();
    own(scope, |own| &own.items, &[collection, is_map])?.try_cast().ok()
}

/// The function pair that settles a promise of the host. The layer keeps the two functions as properties of the promise,
/// where a guest can find and replace them.
#[derive(Clone, Copy)]
pub(crate) struct Resolver<'s> {
    promise: v8::Local<'s, v8::Promise>,
    resolve: v8::Local<'s, v8::Function>,
    reject: v8::Local<'s, v8::Function>,
}

/// A [`Resolver`] that is kept across scopes.
pub(crate) struct KeptResolver {
    promise: v8::Global<v8::Promise>,
    resolve: v8::Global<v8::Function>,
    reject: v8::Global<v8::Function>,
}

impl<'s> Resolver<'s> {
    pub(crate) fn new(scope: &v8::PinScope<'s, '_>) -> Option<Self> {
        let parts = own(scope, |own| &own.promising, &[])?.try_cast::<v8::Object>().ok()?;
        Some(Self {
            promise: parts.get_index(scope, 0)?.try_cast().ok()?,
            resolve: parts.get_index(scope, 1)?.try_cast().ok()?,
            reject: parts.get_index(scope, 2)?.try_cast().ok()?,
        })
    }

    pub(crate) fn keep(self, scope: &v8::PinScope<'_, '_>) -> KeptResolver {
        KeptResolver {
            promise: v8::Global::new(scope, self.promise),
            resolve: v8::Global::new(scope, self.resolve),
            reject: v8::Global::new(scope, self.reject),
        }
    }

    pub(crate) fn promise(self, _: &v8::PinScope<'s, '_>) -> v8::Local<'s, v8::Promise> {
        self.promise
    }

    /// Resolves or rejects the promise; `None` when the engine failed.
    pub(crate) fn settle(
        self,
        scope: &v8::PinScope<'_, '_>,
        outcome: Result<v8::Local<'_, v8::Value>, v8::Local<'_, v8::Value>>,
    ) -> Option<()> {
        let (settle, with) = match outcome {
            Ok(value) => (self.resolve, value),
            Err(exception) => (self.reject, exception),
        };
        settle.call(scope, v8::undefined(scope).into(), &[with]).map(drop)
    }
}

impl KeptResolver {
    pub(crate) fn local<'s>(&self, scope: &v8::PinScope<'s, '_>) -> Resolver<'s> {
        Resolver {
            promise: v8::Local::new(scope, &self.promise),
            resolve: v8::Local::new(scope, &self.resolve),
            reject: v8::Local::new(scope, &self.reject),
        }
    }
}
