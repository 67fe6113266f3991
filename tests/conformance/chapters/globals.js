//# globals: attributes of the constructors
return ["Object", "Array", "Map", "Promise", "Error", "Intl", "JSON", "Math", "eval", "parseInt", "globalThis", "NaN", "undefined"].map((k) => { const { writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(globalThis, k); return [k, writable, enumerable, configurable]; });
//# globals: the global object
return [typeof globalThis, Object.prototype.toString.call(globalThis), globalThis.globalThis === globalThis, Object.getPrototypeOf(Object.getPrototypeOf(globalThis)) === Object.prototype || Object.getPrototypeOf(globalThis) === Object.prototype];
//# globals: all names
return Reflect.ownKeys(globalThis).map(String).sort();
//# globals: nothing is enumerable
return Object.keys(globalThis);
//# globals: can be written and deleted
const M = globalThis.Map; Map = 5; const r = [typeof Map]; delete globalThis.Map; r.push(typeof globalThis.Map); globalThis.Map = M; return [r, new Map().size];
//# globals: defining one
Object.defineProperty(globalThis, "mine", { value: 5, configurable: true }); const r = [mine, typeof mine]; delete globalThis.mine; return r;
//# globals: WebAssembly
return typeof WebAssembly.Module;
//# globals: WebAssembly is compiled
return new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))).exports;
//# globals: console
return typeof console;
//# globals: what hosts give
return ["require", "process", "Deno", "window", "self", "fetch", "structuredClone", "performance", "TextEncoder", "URL", "crypto", "gc", "print", "ShadowRealm", "Buffer"].filter((k) => k in globalThis);
//# globals: module and exports
return [typeof module, typeof exports, typeof require];
//# globals: names and lengths of builtins
return [Object, Array, Map, Promise, Proxy, Date, RegExp, Symbol, Error, ArrayBuffer, Function].map((C) => [C.name, C.length]);
//# globals: attributes of prototypes
return [Object, Array, Map, Promise, Date, RegExp, Error, Function].map((C) => { const d = Object.getOwnPropertyDescriptor(C, "prototype"); return [C.name, d.writable, d.enumerable, d.configurable]; });
//# globals: attributes of methods
return [[Array.prototype, "map"], [Object, "keys"], [Map.prototype, "get"], [String.prototype, "trim"], [Promise, "all"], [Error.prototype, "message"], [Object.prototype, "toString"], [Function.prototype, "call"], [Symbol.prototype, "description"]].map(([o, k]) => { const { value, get, ...flags } = Object.getOwnPropertyDescriptor(o, k); return [k, typeof value, typeof get, flags]; });
//# globals: which builtins are extensible or frozen
return [Object, Object.prototype, Array.prototype, Function.prototype, Math, JSON, Reflect, Atomics, globalThis, Promise, Error.prototype].map((o) => [Object.isExtensible(o), Object.isFrozen(o)]);
//# globals: own names of Object
return [Object.getOwnPropertyNames(Object).sort(), Object.getOwnPropertyNames(Object.prototype).sort()];
//# globals: own names of Function
return [Object.getOwnPropertyNames(Function).sort(), Object.getOwnPropertyNames(Function.prototype).sort(), Function.prototype(), Function.prototype.name];
//# globals: own names of Error
return [Object.getOwnPropertyNames(Error).sort(), Object.getOwnPropertyNames(Error.prototype).sort()];
//# globals: own names of Array
return [Object.getOwnPropertyNames(Array).sort(), Reflect.ownKeys(Array.prototype).map(String).sort()];
//# globals: own names of String
return [Object.getOwnPropertyNames(String).sort(), Reflect.ownKeys(String.prototype).map(String).sort()];
//# globals: own names of Promise, Map and Symbol
return [Promise, Promise.prototype, Map.prototype, Symbol].map((o) => Reflect.ownKeys(o).map(String).sort());
//# globals: ThrowTypeError is one, and frozen
const t = Object.getOwnPropertyDescriptor((function () { "use strict"; return arguments; })(), "callee").get; return [Object.isFrozen(t), t === Object.getOwnPropertyDescriptor(Function.prototype, "caller").get, t.length];
//# globals: constructors of builtins are their own
return [[], {}, () => 1, /a/, new Map(), "", 1, true, Symbol(), 1n, new Error(), Promise.resolve(), new Date(0)].map((v) => v.constructor === globalThis[v.constructor.name]);
//# globals: text of builtins
return [String(Object), String(Array.prototype.map), String(Object.getOwnPropertyDescriptor(Map.prototype, "size").get), String(Symbol.prototype[Symbol.toPrimitive]), String(eval)];
//# globals: import.meta outside of a module!
return import.meta;
//# globals: new of builtins that construct nothing!
new Math.max();
//# globals: reading everything throws nothing
let n = 0; const seen = new Set(); const walk = (o) => { if ((typeof o !== "object" && typeof o !== "function") || !o || seen.has(o)) return; seen.add(o); for (const k of Reflect.ownKeys(o)) { const d = Object.getOwnPropertyDescriptor(o, k); if ("value" in d) walk(d.value); else { walk(d.get); walk(d.set); } } walk(Object.getPrototypeOf(o)); }; [Object, Array, Map, Promise, Intl, Math, Reflect, JSON].forEach(walk); return seen.size;
