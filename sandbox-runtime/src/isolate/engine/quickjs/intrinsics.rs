//! Functions of a realm that replace faulty functions of the layer over QuickJS.
//!
//! A realm captures them before a guest can change what they use. `isolate::intrinsics` calls them.

use deno_core::v8;

use super::run;

/// Functions of a realm that replace faulty functions of the engine's layer. The layer converts BigInts with the text of a
/// program, which is slow and uses whatever the guest has put in the place of `BigInt`.
pub(crate) struct EngineIntrinsics {
    pub(in crate::isolate) split: v8::Global<v8::Function>,
    pub(in crate::isolate) join: v8::Global<v8::Function>,
    pub(in crate::isolate) settle: v8::Global<v8::Function>,
    pub(in crate::isolate) size: v8::Global<v8::Function>,
    pub(in crate::isolate) items: v8::Global<v8::Function>,
    pub(in crate::isolate) promising: v8::Global<v8::Function>,
    pub(in crate::isolate) names: v8::Global<v8::Function>,
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
            return [split, join, settle, size, items, promising, Object.keys];
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
            names: function(6)?,
        })
    }
}

/// The function pair that settles a promise of the host. The layer keeps the two functions as properties of the promise,
/// where a guest can find and replace them.
#[derive(Clone, Copy)]
pub(crate) struct Resolver<'s> {
    pub(in crate::isolate) promise: v8::Local<'s, v8::Promise>,
    pub(in crate::isolate) resolve: v8::Local<'s, v8::Function>,
    pub(in crate::isolate) reject: v8::Local<'s, v8::Function>,
}

/// A [`Resolver`] that is kept across scopes.
pub(crate) struct KeptResolver {
    promise: v8::Global<v8::Promise>,
    resolve: v8::Global<v8::Function>,
    reject: v8::Global<v8::Function>,
}

impl<'s> Resolver<'s> {
    /// The promise. No function has a resolver as its data, because modules are not linked.
    pub(crate) fn value(self) -> v8::Local<'s, v8::Value> {
        self.promise.into()
    }

    /// Always `None`.
    ///
    /// # Safety
    ///
    /// Any value is allowed.
    pub(crate) unsafe fn of_value(_: v8::Local<'s, v8::Value>) -> Option<Self> {
        None
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
