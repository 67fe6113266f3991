//# proxies: traps are told
const log = []; const h = new Proxy({}, { get: (_, trap) => (log.push(trap), undefined) }); const p = new Proxy(function () {}, h); p.a; p.a = 1; "a" in p; delete p.a; Object.keys(p); p(); new p(); Object.getPrototypeOf(p); Object.isExtensible(p); Object.defineProperty(p, "z", { value: 1, configurable: true }); Object.getOwnPropertyDescriptor(p, "z"); Object.setPrototypeOf(p, null); Object.preventExtensions(p); return log;
//# proxies: defaults for what is missing
const d = (o, v) => new Proxy(o, { get: (t, k, r) => k in t ? Reflect.get(t, k, r) : v }); const o = d({ a: 1 }, "none"); return [o.a, o.b];
//# proxies: validation!
const p = new Proxy({}, { set(t, k, v) { if (typeof v !== "number") throw new TypeError(`${k} must be a number`); return Reflect.set(t, k, v); } }); p.a = 1; p.b = "x";
//# proxies: negative indexes
const neg = (a) => new Proxy(a, { get: (t, k, r) => Reflect.get(t, typeof k === "string" && /^-\d+$/.test(k) ? t.length + +k : k, r) }); return [neg([1, 2, 3])[-1], neg([1, 2]).length, [...neg([1, 2])]];
//# proxies: invariants hold!
const t = Object.freeze({ a: 1 }); new Proxy(t, { get: () => 2 }).a;
//# proxies: invariants of ownKeys!
Object.keys(new Proxy(Object.preventExtensions({ a: 1 }), { ownKeys: () => [] }));
//# proxies: a set that is refused in strict code!
"use strict"; new Proxy({}, { set: () => false }).x = 1;
//# proxies: a set that is refused in sloppy code
const p = new Proxy({}, { set: () => false }); p.x = 1; return Object.keys(p);
//# proxies: revoked!
const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); proxy.a;
//# proxies: of arrays and functions
const a = new Proxy([1, 2], {}), f = new Proxy((x) => x + 1, { apply: (t, _, args) => t(...args) * 10 }); return [Array.isArray(a), a.map((x) => x), f(1), typeof f, Object.prototype.toString.call(a), JSON.stringify(a)];
//# proxies: has with in and with
const p = new Proxy({}, { has: (_, k) => k === "magic", get: () => 7 }); with (p) { return ["magic" in p, "x" in p, magic]; }
//# proxies: construct
class A { constructor(x) { this.x = x; } } const P = new Proxy(A, { construct: (T, args, nt) => Reflect.construct(T, args.map((x) => x * 2), nt) }); class B extends P {} return [new P(2), new B(3), new P(1) instanceof A];
//# proxies: as prototypes
const o = Object.create(new Proxy({}, { get: (_, k, r) => typeof k === "string" ? `no ${k}` : undefined })); o.own = 1; return [o.own, o.other];
//# proxies: observation
const log = []; const watch = (o, path = "") => new Proxy(o, { get: (t, k, r) => { const v = Reflect.get(t, k, r); return typeof v === "object" && v ? watch(v, path + k + ".") : v; }, set: (t, k, v, r) => (log.push(path + k + "=" + v), Reflect.set(t, k, v, r)) }); const s = watch({ a: { b: 1 }, l: [] }); s.a.b = 2; s.l.push(5); return log;
//# proxies: private fields do not pass!
class A { #x = 1; get x() { return this.#x; } } new Proxy(new A(), {}).x;
//# proxies: internal slots do not pass!
new Proxy(new Map(), {}).size;
//# proxies: defineProperty and getOwnPropertyDescriptor
const p = new Proxy({}, { defineProperty: (t, k, d) => Reflect.defineProperty(t, k, { ...d, value: "changed" }), getOwnPropertyDescriptor: (t, k) => Reflect.getOwnPropertyDescriptor(t, k) }); p.a = 1; return p.a;
//# proxies: ownKeys and enumeration
const p = new Proxy({ a: 1, b: 2 }, { ownKeys: () => ["b", "x", Symbol.iterator], getOwnPropertyDescriptor: (t, k) => k === "x" ? { value: 9, enumerable: true, configurable: true } : Reflect.getOwnPropertyDescriptor(t, k) }); const r = []; for (const k in p) r.push(k); return [r, Object.keys(p), { ...p }];
//# reflect: apply, construct and has
return [Reflect.apply(Math.max, null, [1, 3]), Reflect.construct(Date, [0]).getTime(), Reflect.has({ a: 1 }, "a"), Reflect.ownKeys({ b: 1, [Symbol.iterator]: 2, 1: 3 })];
//# reflect: set with receivers and setters
const r = {}; const o = { set a(v) { this.b = v; } }; return [Reflect.set(o, "a", 5, r), r, Reflect.set(Object.freeze({ x: 1 }), "x", 2), Reflect.set({}, "y", 1, Object.freeze({}))];
//# reflect: defineProperty and deleteProperty
const o = {}; return [Reflect.defineProperty(o, "a", { value: 1 }), Reflect.defineProperty(o, "a", { value: 2 }), Reflect.deleteProperty(o, "a"), Reflect.deleteProperty(o, "none"), Reflect.getOwnPropertyDescriptor(o, "a")];
//# reflect: prototypes and extensibility
const o = {}; return [Reflect.setPrototypeOf(o, null), Reflect.getPrototypeOf(o), Reflect.preventExtensions(o), Reflect.isExtensible(o), Reflect.setPrototypeOf(o, {}), Reflect.setPrototypeOf(Object.prototype, {})];
//# reflect: of primitives!
Reflect.ownKeys(1);
//# reflect: is no constructor!
new Reflect();
//# reflect: its names
return [Reflect.ownKeys(Reflect), Object.getOwnPropertyDescriptor(Reflect, "get")];
