//# objects: defineProperty defaults
const o = Object.defineProperty({}, "a", { value: 1 }); return [o, Object.keys(o), Object.getOwnPropertyDescriptors(o)];
//# objects: redefinition!
const o = Object.defineProperty({}, "a", { value: 1 }); Object.defineProperty(o, "a", { value: 2 });
//# objects: redefinition that is allowed
const o = Object.defineProperty({}, "a", { value: 1, writable: true }); Object.defineProperty(o, "a", { value: 2 }); Object.defineProperty(o, "a", { writable: false }); return o;
//# objects: a descriptor of both kinds!
Object.defineProperty({}, "a", { value: 1, get() {} });
//# objects: freeze, seal and preventExtensions
const f = Object.freeze({ a: { b: 1 } }), s = Object.seal({ a: 1 }), p = Object.preventExtensions({ a: 1 }); f.a.b = 2; f.x = 1; s.a = 2; delete s.a; delete p.a; p.b = 1; return [f, s, p, [f, s, p].map((o) => [Object.isFrozen(o), Object.isSealed(o), Object.isExtensible(o)])];
//# objects: writing what is frozen, in strict code!
"use strict"; Object.freeze({ a: 1 }).a = 2;
//# objects: adding to what is not extensible, in strict code!
"use strict"; Object.preventExtensions({}).a = 2;
//# objects: writing a getter, in strict code!
"use strict"; ({ get a() { return 1; } }).a = 2;
//# objects: writing what an ancestor has read-only, in strict code!
"use strict"; const p = Object.freeze({ a: 1 }); const o = Object.create(p); o.a = 2;
//# objects: writing what an ancestor has read-only, in sloppy code
const p = Object.freeze({ a: 1 }); const o = Object.create(p); o.a = 2; return [o.a, Object.keys(o), Object.defineProperty(o, "a", { value: 3 }).a];
//# objects: an inherited setter
const p = { set a(v) { this.b = v; } }; const o = Object.create(p); o.a = 5; return [o, Object.keys(o)];
//# objects: assign
const log = []; const t = { set a(v) { log.push(v); } }; Object.assign(t, { a: 1 }, null, "xy", [9], { [Symbol.for("s")]: 2 }); return [t, log];
//# objects: assign to what is frozen!
Object.assign(Object.freeze({ a: 1 }), { a: 2 });
//# objects: entries, fromEntries and values
return [Object.entries({ b: 1, a: [2] }), Object.fromEntries(new Map([["x", 1]])), Object.values("ab"), Object.entries([7])];
//# objects: create with properties
return Object.create({ inherited: 1 }, { a: { value: 1, enumerable: true }, b: { get: () => 2 } });
//# objects: prototypes
const a = { x: 1 }, b = { __proto__: a }, c = Object.create(b); Object.setPrototypeOf(c, a); return [c.x, a.isPrototypeOf(c), b.isPrototypeOf(c), c.__proto__ === a, Object.getPrototypeOf(Object.create(null)), (c.__proto__ = null, "__proto__" in c)];
//# objects: a cycle of prototypes!
const a = {}; const b = { __proto__: a }; a.__proto__ = b;
//# objects: without a prototype
const o = Object.create(null); o.toString = 1; o.__proto__ = 5; return [o, Object.keys(o), typeof o.hasOwnProperty];
//# objects: without a prototype to text!
`${Object.create(null)}`;
//# objects: hasOwn and propertyIsEnumerable
const o = { a: 1 }; return [Object.hasOwn(o, "a"), o.hasOwnProperty("toString"), o.propertyIsEnumerable("a"), [].propertyIsEnumerable("length"), Object.hasOwn("abc", 1)];
//# objects: legacy accessors
const o = {}; o.__defineGetter__("a", () => 1); o.__defineSetter__("b", function (v) { this.c = v; }); o.b = 2; return [o, o.__lookupGetter__("a")(), typeof o.__lookupSetter__("b")];
//# objects: getOwnPropertyNames of a function and an array
return [Object.getOwnPropertyNames((a, b) => 1), Object.getOwnPropertyNames([1]), Object.getOwnPropertyNames(class { static x() {} }), Object.getOwnPropertyNames("ab")];
//# objects: getters run each time, lazily
let n = 0; const o = { get v() { return ++n; }, get lazy() { Object.defineProperty(this, "lazy", { value: ++n }); return this.lazy; } }; return [o.v, o.v, o.lazy, o.lazy, n];
//# objects: toString and valueOf
return [String({}), {} + "", Object.prototype.valueOf.call(5), ({}).toLocaleString(), Object.prototype.toString.call(null)];
//# objects: Object called
return [Object(1), Object(null), new Object("s"), Object([1]), Object({ a: 1 }).a];
//# objects: groupBy and structured walks
const paths = (o, p = "") => Object.entries(o).flatMap(([k, v]) => v && typeof v === "object" ? paths(v, p + k + ".") : [p + k]); return paths({ a: { b: 1, c: [1, { d: 2 }] }, e: 3 });
//# objects: deep equality
const eq = (a, b) => Object.is(a, b) || (typeof a === "object" && typeof b === "object" && a && b && Object.keys(a).length === Object.keys(b).length && Object.keys(a).every((k) => eq(a[k], b[k]))); return [eq({ a: [1, { b: NaN }] }, { a: [1, { b: NaN }] }), eq({ a: 1 }, { a: 2 })];
//# objects: deep freezing
const deep = (o) => (Object.values(o).forEach((v) => typeof v === "object" && v && deep(v)), Object.freeze(o)); const o = deep({ a: { b: [1] } }); return [Object.isFrozen(o.a.b), o];
//# strictness: this at the top
return [this === globalThis, (() => this === globalThis)(), (function () { "use strict"; return this; })()];
//# strictness: a primitive receiver of a property in strict code!
"use strict"; (5).x = 1;
//# strictness: a primitive receiver of a property in sloppy code
(5).x = 1; return (5).x;
//# strictness: silent failures in sloppy code
const o = Object.freeze({ a: 1 }); o.a = 2; delete o.a; o.b = 1; [].length = 0; "abc".length = 1; (function f() { f = 1; })(); return o;
//# strictness: arguments and eval as names in strict code!
"use strict"; var eval = 1;
//# strictness: arguments and eval as names in sloppy code
return (function () { var arguments = 5; var eval = 6; return [arguments, eval]; })();
//# strictness: reserved words in strict code!
"use strict"; var interface = 1;
//# strictness: writing a function's name in strict code!
"use strict"; (function f() {}).name = "x";
//# strictness: classes are strict!
class A { m() { undeclared = 1; } } new A().m();
//# strictness: callers are hidden
function f() { return f.caller === null || typeof f.caller; } return f();
