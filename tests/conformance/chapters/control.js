//# control: labelled break and continue
const r = []; outer: for (let i = 0; i < 3; i++) { for (let j = 0; j < 3; j++) { if (j === 1) continue outer; if (i === 2) break outer; r.push(i + "" + j); } } block: { r.push("in"); break block; r.push("never"); } return r;
//# control: a label of nothing!
break nowhere;
//# control: continue of a block!
a: { for (;;) { (() => { continue a; }); } }
//# control: switch falls through
const f = (x) => { const r = []; switch (x) { case 1: r.push(1); case "1": r.push("s"); break; default: r.push("d"); case 2: r.push(2); } return r; }; return [f(1), f("1"), f(2), f(9)];
//# control: switch compares strictly and lazily
const log = []; switch (3) { case (log.push("a"), 1): case (log.push("b"), 3): log.push("hit"); break; case (log.push("c"), 4): } return log;
//# control: for-in order and shadows
const p = { b: 1, z: 2 }; const o = Object.create(p, { a: { value: 1, enumerable: true }, b: { value: 2, enumerable: false } }); o[1] = 1; const r = []; for (const k in o) r.push(k); return r;
//# control: for-in while changing
const o = { a: 1, b: 2, c: 3 }; const r = []; for (const k in o) { r.push(k); delete o.b; o.d = 1; } return r;
//# control: for-in of null, strings and arrays
const r = []; for (const k in null) r.push(k); for (const k in "ab") r.push(k); for (const k in [5, , 6]) r.push(k); return r;
//# control: for-in sees no builtin methods
const r = []; for (const k in [1]) r.push(k); for (const k in new Date(0)) r.push(k); for (const k in new (class { m() {} })()) r.push(k); for (const k in function () {}) r.push(k); return r;
//# control: do while and completion
let i = 0; do i++; while (i < 5) return i;
//# control: try, catch, finally and return
const f = () => { try { return "try"; } finally { log.push("finally"); } }; const log = []; const g = () => { try { throw 1; } catch { return "catch"; } finally { return "finally wins"; } }; const h = () => { for (;;) try { return 1; } finally { break; } return 2; }; return [f(), g(), h(), log];
//# control: errors thrown in finally!
try { throw new Error("first"); } finally { throw new Error("second"); }
//# control: what is thrown may be anything
const r = []; for (const v of [1, "s", null, undefined, { a: 1 }, Symbol("x")]) try { throw v; } catch (e) { r.push(e); } return r;
//# control: a thrown string!
throw "text";
//# control: cause
const e = new Error("outer", { cause: new TypeError("inner", { cause: 5 }) }); return [e, e.cause.cause, Object.getOwnPropertyDescriptor(e, "cause"), "cause" in new Error("x"), "cause" in new Error("x", { cause: undefined })];
//# control: AggregateError
const e = new AggregateError([new Error("a"), 2], "many", { cause: 3 }); return [e, e.errors, e instanceof Error, Object.getOwnPropertyDescriptor(e, "errors").enumerable];
//# control: SuppressedError
const e = new SuppressedError(1, 2, "m"); return [e, e.error, e.suppressed, Object.getPrototypeOf(SuppressedError) === Error];
//# control: error types and their names
return [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((E) => [new E("m"), E.length, Object.getPrototypeOf(E) === Error, E.prototype.hasOwnProperty("message"), String(E("called"))]);
//# control: messages of the engine
const r = []; for (const f of [() => null.a, () => undefined.f(), () => (1)(), () => nothing, () => new Array(-1), () => "x".repeat(-1), () => (1).toFixed(200), () => decodeURI("%"), () => BigInt("x"), () => JSON.parse("{"), () => Object.defineProperty(1, "a", {}), () => new Proxy(1, {}), () => Symbol() + "", () => ({}).x.y, () => [].reduce((a) => a), () => new (class { #p; static f(o) { o.#p; } }).constructor.f({})]) try { f(); } catch (e) { r.push(String(e)); } return r;
//# control: toString of errors
const o = { name: "N", message: "M" }; return [Error.prototype.toString.call(o), Error.prototype.toString.call({}), Error.prototype.toString.call({ name: "", message: "m" }), String(new Error()), String(Object.assign(new Error("m"), { name: undefined }))];
//# control: Error.isError
return [Error.isError(new Error()), Error.isError({ __proto__: Error.prototype }), Error.isError(new (class extends TypeError {})())];
//# control: using disposes in turn
const log = []; const res = (n) => ({ [Symbol.dispose]() { log.push(n); } }); { using a = res("a"), b = res("b"), none = null; log.push("body"); } return log;
//# control: using and errors
const bad = (n) => ({ [Symbol.dispose]() { throw new Error(n); } }); try { using a = bad("a"), b = bad("b"); throw new Error("body"); } catch (e) { return [e, e.error, e.suppressed, e.suppressed.error, e.suppressed.suppressed]; }
//# control: using what is not disposable!
using x = {};
//# control: DisposableStack
const log = []; const s = new DisposableStack(); s.use({ [Symbol.dispose]() { log.push("use"); } }); s.adopt(5, (v) => log.push(v)); s.defer(() => log.push("defer")); const moved = s.move(); s.dispose(); moved.dispose(); return [log, s.disposed, moved.disposed];
//# control: a disposed stack!
const s = new DisposableStack(); s.dispose(); s.defer(() => 1);
//# async control: await using
const log = []; { await using a = { async [Symbol.asyncDispose]() { await 0; log.push("a"); } }; log.push("body"); } const s = new AsyncDisposableStack(); s.defer(async () => log.push("stack")); await s.disposeAsync(); return [log, s.disposed];
//# control: an iterator is disposable
const log = []; function* g() { try { yield 1; } finally { log.push("done"); } } { using i = g(); i.next(); } return log;
//# control: for with using
const log = []; const res = (n) => ({ n, [Symbol.dispose]() { log.push("-" + n); } }); for (using r of [res(1), res(2)]) log.push(r.n); return log;
//# control: nested functions and early returns
const find = (t, p) => { for (const [k, v] of Object.entries(t)) { if (p(v)) return k; if (typeof v === "object") { const f = find(v, p); if (f) return k + "." + f; } } }; return find({ a: { b: { c: 5 } }, d: 6 }, (v) => v === 5);
//# stack: the first lines
function inner() { return new Error("m"); } function outer() { return inner(); } return outer().stack.split("\n").slice(0, 3);
//# stack: the whole of it
return new Error("whole").stack;
//# stack: of methods, getters and constructors
class A { constructor() { this.e = new Error("c"); } m() { return new Error("m"); } get g() { return new Error("g"); } static s() { return new Error("s"); } } const line = (e) => e.stack.split("\n")[1].replace(/\d+:\d+/, ""); return [line(new A().e), line(new A().m()), line(new A().g), line(A.s()), line([1].map(() => new Error())[0]), line(((f) => f())(() => new Error()))];
//# stack: functions of plain names
function named() { return new Error("x").stack.split("\n")[1]; } const arrow = () => named(); return arrow().replace(/:\d+:\d+/, "");
//# stack: a property of its own
const e = new Error("m"); const d = Object.getOwnPropertyDescriptor(e, "stack"); return [typeof e.stack, d && [d.enumerable, d.configurable], Object.keys(e), "stack" in Error.prototype];
//# stack: can be written
const e = new Error("m"); e.stack = "mine"; return e.stack;
//# stack: header follows the name at the time
class E extends Error { get name() { return "Getter"; } } const e = new Error("m"); e.name = "Late"; const f = () => { const x = new TypeError(""); return x.stack.split("\n")[0]; }; return [new E("x").stack.split("\n")[0], e.stack.split("\n")[0], f()];
//# stack: captureStackTrace
const o = { name: "N", message: "M" }; Error.captureStackTrace(o); return [typeof o.stack, o.stack.split("\n")[0], Object.getOwnPropertyDescriptor(o, "stack").enumerable];
//# stack: captureStackTrace hides callers
function make() { const o = {}; Error.captureStackTrace(o, make); return o; } function user() { return make(); } return user().stack.split("\n")[1].includes("user");
//# stack: stackTraceLimit
Error.stackTraceLimit = 1; function f() { return new Error("x"); } const one = f().stack.split("\n").length; Error.stackTraceLimit = 0; return [one, f().stack];
//# stack: prepareStackTrace
Error.prepareStackTrace = (e, sites) => "prepared " + e.message + typeof sites[0].getFileName; return new Error("m").stack;
//# stack: prepareStackTrace that gives call sites
Error.prepareStackTrace = (e, sites) => sites; return Array.isArray(new Error("m").stack);
//# async stack: of async functions
async function inner() { await 0; throw new Error("a"); } async function outer() { await inner(); } try { await outer(); } catch (e) { return e.stack.split("\n").map((l) => l.replace(/\(.*\)/, "").trim()); }
//# stack: of eval
try { eval("throw new Error('in eval')"); } catch (e) { return e.message; }
//# stack: a message of several lines
return new Error("one\ntwo").stack.split("\n").slice(0, 2);
//# stack: of a cause is its own
const e = new Error("outer", { cause: new Error("inner") }); return [e.stack.includes("inner"), e.cause.stack.split("\n")[0]];
//# stack: a name that is no string
const e = new Error("m"); Object.defineProperty(e, "name", { value: 5 }); Error.captureStackTrace(e); return [e.stack.split("\n")[0], String(e)];
//# stack: a message that is no string
const o = { name: "N", message: 7 }; Error.captureStackTrace(o); const p = { toString() { return "mine"; } }; Error.captureStackTrace(p); return [o.stack.split("\n")[0], p.stack.split("\n")[0]];
//# stack: captureStackTrace of plain objects and functions
const a = {}; Error.captureStackTrace(a); const f = function f() {}; Error.captureStackTrace(f); return [a.stack.split("\n")[0], f.stack.split("\n")[0]];
//# stack: of builtins in between
const log = []; [3, 1].sort(() => { throw_(); return 0; }); function throw_() { log.push(new Error("s").stack.split("\n").slice(1, 4).map((l) => l.replace(/:\d+:\d+/, ""))); } return log;
//# stack: console
console.log("text"); return typeof console.log;
