//# overrides: toString by assignment on an object
const o = {}; o.toString = () => "mine"; return [`${o}`, Object.getOwnPropertyDescriptor(o, "toString").enumerable];
//# overrides: toString by assignment in strict code
"use strict"; const o = {}; o.toString = () => "mine"; o.valueOf = () => 7; o.hasOwnProperty = 1; o.constructor = 2; return [`${o}`, o * 2, o];
//# overrides: toString on a prototype
function Foo(x) { this.x = x; } Foo.prototype.toString = function () { return "Foo " + this.x; }; return String(new Foo(1));
//# overrides: toString on a prototype in strict code
"use strict"; function Foo(x) { this.x = x; } Foo.prototype.toString = function () { return "Foo " + this.x; }; Foo.prototype.valueOf = function () { return this.x; }; return [String(new Foo(1)), new Foo(2) * 3];
//# overrides: constructor on a prototype
"use strict"; function A() {} function B() {} B.prototype = Object.create(A.prototype); B.prototype.constructor = B; return [new B().constructor === B, Object.keys(B.prototype), new B() instanceof A];
//# overrides: a prototype as a literal
function A() {} A.prototype = { constructor: A, toString() { return "A!"; }, get size() { return 3; } }; return [String(new A()), new A().size, new A().constructor === A];
//# overrides: Object.assign to a prototype
"use strict"; function Foo() {} Object.assign(Foo.prototype, { toString() { return "assigned"; }, valueOf() { return 5; }, toLocaleString() { return "locale"; } }); return [`${new Foo()}`, new Foo() + 1, new Foo().toLocaleString()];
//# overrides: Object.assign to an object
"use strict"; return [Object.assign({}, { toString: 1, constructor: 2, hasOwnProperty: 3, isPrototypeOf: 4 })];
//# overrides: methods of a class
"use strict"; class Foo { toString() { return "Foo"; } get constructor_() { return this.constructor; } hasOwnProperty() { return "mine"; } } return [`${new Foo()}`, new Foo().constructor_ === Foo, new Foo().hasOwnProperty("x")];
//# overrides: a class after its making
"use strict"; class Foo {} Foo.prototype.toString = () => "late"; Foo.toString = () => "static"; Foo.prototype.toJSON = () => "json"; return [`${new Foo()}`, `${Foo}`, JSON.stringify(new Foo())];
//# overrides: an error's name by assignment
"use strict"; const e = new Error("m"); e.name = "Mine"; e.message = "changed"; e.toString = () => "text"; return [e, `${e}`, Object.keys(e)];
//# overrides: an error's prototype in the old way
"use strict"; function MyError(message) { this.message = message; this.stack = new Error(message).stack; } MyError.prototype = Object.create(Error.prototype); MyError.prototype.constructor = MyError; MyError.prototype.name = "MyError"; const e = new MyError("m"); return [String(e), e instanceof Error, e.constructor === MyError, Object.keys(e)];
//# overrides: an error's prototype made by new
"use strict"; function MyError(m) { this.message = m; } MyError.prototype = new Error(); MyError.prototype.name = "MyError"; MyError.prototype.message = "none"; return [String(new MyError("m")), String(Object.create(MyError.prototype))];
//# overrides: an error's class with a name on the prototype
"use strict"; class MyError extends TypeError {} MyError.prototype.name = "MyError"; const e = new MyError("m"); return [String(e), e, e.stack.split("\n")[0]];
//# overrides: an error by Object.assign
"use strict"; return Object.assign(new Error("m"), { name: "Http", status: 404, message: "n" });
//# overrides: an error by Object.create
"use strict"; const e = Object.create(Error.prototype); e.message = "m"; e.name = "N"; return [String(e), e instanceof Error, Object.prototype.toString.call(e)];
//# overrides: an error of captureStackTrace
"use strict"; function MyError(m) { if (!(this instanceof MyError)) return new MyError(m); this.name = "MyError"; this.message = m; Error.captureStackTrace(this, MyError); } MyError.prototype = Object.create(Error.prototype, { constructor: { value: MyError } }); const e = MyError("m"); return [String(e), e.stack.split("\n")[0]];
//# overrides: an error of captureStackTrace before it has a name
"use strict"; function MyError(m) { Error.captureStackTrace(this, this.constructor); this.name = this.constructor.name; this.message = m; } MyError.prototype = Object.create(Error.prototype); MyError.prototype.constructor = MyError; const e = new MyError("late"); return [String(e), e.stack.split("\n")[0]];
//# overrides: Error.prototype.name itself
const n = Error.prototype.name; Error.prototype.name = "Changed"; const r = String(new Error("m")); Error.prototype.name = n; return [r, String(new TypeError("t"))];
//# overrides: a function's own call, apply, bind and toString
"use strict"; const f = () => 1; f.call = () => "call"; f.apply = () => "apply"; f.bind = () => "bind"; f.toString = () => "f"; f.constructor = 5; return [f.call(), f.apply(), f.bind(), `${f}`, f.constructor];
//# overrides: a function's name and length
const f = function a() {}; f.name = "b"; const kept = f.name; Object.defineProperty(f, "name", { value: "c" }); Object.defineProperty(f, "length", { value: 9 }); return [kept, f.name, f.length];
//# overrides: static names of a class
"use strict"; class A { static name = "x"; static length = 9; static toString() { return "A"; } static call() { return "call"; } static apply = 5; } return [A.name, A.length, `${A}`, A.call(), A.apply];
//# overrides: an array's methods
"use strict"; const a = [1]; a.push = () => "mine"; a.toString = () => "a"; a.map = 5; a.constructor = Object; return [a.push(2), `${a}`, a.length, a.map];
//# overrides: an array's methods by a subclass
"use strict"; class A extends Array { push(...x) { return super.push(...x.map((v) => v * 2)); } toString() { return "A" + super.toString(); } get length2() { return this.length; } } const a = new A(); a.push(1, 2); return [`${a}`, a.length2];
//# overrides: an array's methods by the prototype of a constructor
"use strict"; function Stack() {} Stack.prototype = []; Stack.prototype.constructor = Stack; Stack.prototype.push = function (x) { return Array.prototype.push.call(this, x * 2); }; Stack.prototype.concat = "none"; const s = new Stack(); s.push(2); return [s.length, s[0], s.join(), s.concat];
//# overrides: a promise's then and constructor
"use strict"; const p = Promise.resolve(1); p.then = function (f) { return "mine"; }; p.catch = 5; p.constructor = Promise; return [p.then(), p.catch];
//# overrides: a Map's and a Set's methods
"use strict"; const m = new Map(); m.get = () => "mine"; m.set = null; m.toString = () => "m"; m.forEach = 1; const s = new Set(); s.has = () => 7; s.values = 1; return [m.get(), m.set, `${m}`, s.has()];
//# overrides: a date's and a regular expression's methods
"use strict"; const d = new Date(0); d.toString = () => "d"; d.toJSON = () => "json"; d.getTime = () => 5; d.valueOf = () => 6; const r = /a/; r.test = () => "test"; r.exec = null; r.toString = () => "r"; return [`${d}`, JSON.stringify(d), d.getTime(), +d, r.test(), `${r}`];
//# overrides: a typed array's and a buffer's methods
"use strict"; const u = new Uint8Array(1); u.map = 5; u.toString = () => "u"; u.set = 1; const b = new ArrayBuffer(1); b.slice = 6; return [u.map, `${u}`, b.slice];
//# overrides: an accessor of a builtin by assignment!
"use strict"; new Map().size = 5;
//# overrides: an accessor of a builtin by definition
const m = new Map(); Object.defineProperty(m, "size", { value: 5 }); const u = Object.defineProperty(new Uint8Array(1), "length", { value: 9 }); return [m.size, u.length];
//# overrides: an iterator's own next and Symbol.iterator
"use strict"; const a = [1, 2]; a[Symbol.iterator] = function* () { yield "mine"; }; const o = {}; o[Symbol.iterator] = () => [7][Symbol.iterator](); return [[...a], [...o]];
//# overrides: a generator's methods
"use strict"; function* g() { yield 1; } const i = g(); i.next = () => ({ done: true }); i.return = 5; i.toString = () => "i"; return [[...i], i.return, `${i}`];
//# overrides: Symbol.toStringTag by assignment on a plain object
"use strict"; const o = {}; o[Symbol.toStringTag] = "Mine"; function F() {} F.prototype[Symbol.toStringTag] = "F"; return [String(o), String(new F())];
//# overrides: Symbol.toStringTag by assignment on builtins
const r = []; for (const o of [new Map(), Promise.resolve(), new Uint8Array(1), Object.create(Map.prototype)]) { o[Symbol.toStringTag] = "Mine"; r.push(Object.prototype.toString.call(o)); } return r;
//# overrides: Symbol.toPrimitive
"use strict"; const o = {}; o[Symbol.toPrimitive] = () => 5; const d = new Date(0); try { d[Symbol.toPrimitive] = () => 6; } catch (e) { return [+o, e]; } return [+o, +d];
//# overrides: Symbol.species by assignment
class A extends Array {} try { A[Symbol.species] = Array; } catch (e) { return e; } return A[Symbol.species] === A;
//# overrides: Symbol.hasInstance by assignment in sloppy code
function F() {} F[Symbol.hasInstance] = () => true; return 1 instanceof F;
//# overrides: Symbol.hasInstance by definition
function F() {} Object.defineProperty(F, Symbol.hasInstance, { value: () => true }); return 1 instanceof F;
//# overrides: __proto__ and legacy accessors by assignment
"use strict"; const o = {}; o.__defineGetter__ = 1; o.__lookupGetter__ = 2; const p = {}; p.__proto__ = { x: 1 }; return [o, p.x, Object.keys(p)];
//# overrides: builtin objects of namespaces inherited
"use strict"; const m = Object.create(Math); m.max = () => "mine"; m.extra = 1; const j = Object.create(JSON); j.parse = 5; const r = Object.create(Reflect); r.get = 6; return [m.max(1), m.min(1, 2), j.parse, r.get];
//# overrides: constructors inherited
"use strict"; const P = Object.create(Promise); P.all = () => "mine"; class Q extends Promise {} Q.all = 5; Q.resolve = 6; function A() {} A.__proto__ = Array; A.from = 7; return [P.all(), Q.all, Q.resolve, A.from, A.of === Array.of];
//# overrides: keys of data that builtins have too
"use strict"; const count = {}; for (const w of "constructor toString constructor valueOf hasOwnProperty".split(" ")) count[w] = (Object.hasOwn(count, w) ? count[w] : 0) + 1; return count;
//# overrides: keys of data by JSON and spread
"use strict"; const o = JSON.parse('{"toString": 1, "constructor": 2, "valueOf": 3}'); const c = { ...o }; const d = {}; for (const k in o) d[k] = o[k]; return [o, c, d, Object.keys(d)];
//# overrides: fields of a class with names of builtins
"use strict"; class A { constructor() { this.toString = () => "A"; this.valueOf = null; this.constructor = 5; } } class B { toString = () => "B"; constructor_ = 1; } return [`${new A()}`, `${new B()}`, new A()];
//# overrides: increments and compound assignment of inherited names
"use strict"; const o = {}; o.toString += "!"; o.valueOf ||= 1; o.constructor &&= 5; o.isPrototypeOf ??= 3; return [typeof o.toString, Object.keys(o), o.constructor];
//# overrides: destructuring into inherited names
"use strict"; const o = {}; [o.toString, o.valueOf] = [1, 2]; ({ a: o.constructor } = { a: 3 }); for (o.hasOwnProperty of [4]); return o;
//# overrides: Reflect.set of inherited names
const o = {}; return [Reflect.set(o, "toString", 1), Reflect.set([], "map", 2), Reflect.set(new Map(), "get", 3), o];
//# overrides: a Proxy's set of inherited names
"use strict"; const p = new Proxy({}, {}); p.toString = () => "p"; const q = new Proxy({}, { set: (t, k, v, r) => Reflect.set(t, k, v, r) }); q.constructor = 5; return [`${p}`, q.constructor];
//# overrides: polyfills check first
if (!Array.prototype.at) Array.prototype.at = 1; if (!String.prototype.includes) throw 1; if (typeof Object.assign !== "function") throw 2; return [[1].at(0)];
//# overrides: a new method on a builtin's prototype
Array.prototype.lastOne = function () { return this[this.length - 1]; }; String.prototype.shout = function () { return this.toUpperCase() + "!"; }; const r = [[1, 2].lastOne(), "a".shout(), Object.keys([1])]; delete Array.prototype.lastOne; return [r, typeof [].lastOne];
//# overrides: a new method on a builtin's prototype in strict code
"use strict"; Object.defineProperty(Array.prototype, "second", { value() { return this[1]; }, configurable: true }); Number.prototype.double = function () { return this * 2; }; return [[1, 2].second(), (5).double()];
//# overrides: a builtin's method is replaced
const map = Array.prototype.map; Array.prototype.map = function (...a) { return ["patched", ...map.apply(this, a)]; }; const r = [1].map((x) => x); Array.prototype.map = map; return [r, [1].map((x) => x)];
//# overrides: a builtin's static method is replaced
const now = Date.now; Date.now = () => 42; const random = Math.random; Math.random = () => 0.5; const r = [Date.now(), Math.random()]; Date.now = now; Math.random = random; return [r, Date.now() > 42];
//# overrides: a global is replaced
const D = Date; Date = class extends D { constructor(...a) { super(...(a.length ? a : [0])); } }; const r = new Date().getTime(); Date = D; return r;
//# overrides: Object.prototype gets a method
Object.prototype.mine = function () { return "mine"; }; const r = [({}).mine(), [].mine(), (() => { const k = []; for (const x in { a: 1 }) k.push(x); return k; })()]; delete Object.prototype.mine; return r;
//# overrides: Function.prototype gets a method
Function.prototype.method = function (n, f) { this.prototype[n] = f; return this; }; function A() {} A.method("hi", () => "hi").method("toString", () => "A"); return [new A().hi(), `${new A()}`];
//# overrides: Promise.prototype.then is wrapped
const then = Promise.prototype.then; let n = 0; Promise.prototype.then = function (...a) { n++; return then.apply(this, a); }; Promise.resolve(1).then(() => 1).catch(() => 1); Promise.prototype.then = then; return n;
