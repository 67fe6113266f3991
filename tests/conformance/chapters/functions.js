//# functions: mapped arguments in sloppy code
return (function (a, b) { arguments[0] = 5; b = 6; return [a, arguments[1], arguments.length, typeof arguments.callee]; })(1, 2, 3);
//# functions: unmapped arguments in strict code
return (function (a) { "use strict"; arguments[0] = 5; return [a, arguments[0]]; })(1);
//# functions: arguments.callee in strict code!
return (function () { "use strict"; return arguments.callee; })();
//# functions: arguments are iterable and no array
return (function () { return [[...arguments], Array.isArray(arguments), Object.prototype.toString.call(arguments), arguments]; })(1, "b");
//# functions: default parameters unmap arguments
return (function (a, b = 2) { a = 9; return [arguments[0], arguments.length, b]; })(1);
//# functions: rest
return ((a, ...rest) => [a, rest])(1, 2, 3);
//# functions: lengths and names
const o = { m(a, b) {}, get g() { return 1; }, ["c" + 1]: () => 1, [Symbol("s")]() {}, async *ag(a, b = 1, c) {} };
return [o.m, Object.getOwnPropertyDescriptor(o, "g").get, o.c1, o, ((a, ...b) => 1).length, (function () {}).name, (() => {}).name];
//# functions: this in sloppy and strict code
function f() { return typeof this; } function g() { "use strict"; return typeof this; } return [f.call(5), g.call(5), f.call(null), g.call(null), f(), g()];
//# functions: call, apply and bind
function f(...a) { return [this.v, ...a]; } const b = f.bind({ v: 1 }, 2); return [b(3), b.name, b.length, f.call({ v: 4 }, 5), f.apply({ v: 6 }, [7, 8]), f.apply({ v: 9 }, { length: 2, 0: "x" })];
//# functions: bound constructors
function P(x, y) { this.x = x; this.y = y; } const B = P.bind(null, 1); const p = new B(2); return [p, p instanceof B, p instanceof P, "prototype" in B];
//# functions: arrows have no own this, arguments or new.target
function F() { return [(() => this.v)(), (() => arguments[0])(), (() => new.target)()]; } return F.call({ v: 1 }, 2);
//# functions: getters and setters in literals
const o = { _a: 1, get a() { return this._a; }, set a(v) { this._a = v * 2; } }; o.a = 5; return [o.a, o];
//# functions: methods have no prototype
return [{ m() {} }.m.hasOwnProperty("prototype"), (function () {}).hasOwnProperty("prototype"), (() => 1).hasOwnProperty("prototype"), (function* () {}).hasOwnProperty("prototype"), (async () => 1).hasOwnProperty("prototype")];
//# functions: text
return [(function /* a */ f(x) { return x }).toString(), String((a) => a), String(class A { m() {} }), String({ get  a() { return 1; } }.__lookupGetter__("a")), String(Math.max), String((function () {}).bind())];
//# functions: caller and arguments in strict code!
"use strict"; return (function f() { return f.caller; })();
//# functions: duplicate parameters in sloppy code
return (function (a, a) { return [a, arguments]; })(1, 2);
//# functions: duplicate parameters in strict code!
(function (a, a) { "use strict"; });
//# functions: use strict with complex parameters!
(function (a = 1) { "use strict"; });
//# functions: tail recursion is bounded!
(function f() { return f() + 1; })();
//# functions: recursion is recovered from
function f() { return f() + 1; } try { f(); } catch (e) { return [e.name, e.message]; }
//# functions: immediately invoked forms
return [(function () { return 1; })(), (() => 2)(), !function () { return 3; }(), +function () { return 4; }(), new function () { this.a = 5; }()];
//# functions: closures count
const make = () => { let n = 0; return { up: () => ++n, get n() { return n; } }; }; const a = make(), b = make(); a.up(); a.up(); b.up(); return [a.n, b.n];
//# functions: closures share
let f, g; { let x = 1; f = () => x++; g = () => x; } f(); f(); return g();
//# functions: currying
const curry = (f) => function c(...a) { return a.length >= f.length ? f(...a) : (...b) => c(...a, ...b); }; return curry((a, b, c) => a + b + c)(1)(2)(3);
//# functions: memoize
const memo = (f, seen = new Map()) => (n) => seen.has(n) ? seen.get(n) : (seen.set(n, f(n)), seen.get(n)); const fib = memo((n) => n < 2 ? BigInt(n) : fib(n - 1) + fib(n - 2)); return fib(90);
//# functions: debounce by closures
const once = (f) => { let r, done = false; return (...a) => done ? r : (done = true, r = f(...a)); }; let n = 0; const g = once(() => ++n); g(); g(); return [g(), n];
//# functions: the Function constructor of samples
return [Object.getPrototypeOf(async () => {}).constructor.name, Object.getPrototypeOf(function* () {}).constructor.name, (() => {}).constructor === Function];
//# functions: eval of text
return eval("1 + 1");
//# functions: eval of what is no text
return eval({ a: 1 });
//# functions: indirect eval
var x = 1; return (0, eval)("typeof x");
//# functions: the Function constructor
return new Function("a", "b", "return a + b")(1, 2);
//# functions: the GeneratorFunction constructor
const G = Object.getPrototypeOf(function* () {}).constructor; return [...new G("yield 1; yield 2")()];
//# functions: the AsyncFunction constructor
const A = (async () => {}).constructor; return new A("return 5")();
//# functions: the global object by Function
return Function("return this")() === globalThis;
//# functions: a constructor that returns an object
function F() { this.a = 1; return { b: 2 }; } function G() { this.a = 1; return 5; } return [new F(), new G()];
//# functions: prototype of a function
function F() {} return [Object.getOwnPropertyDescriptor(F, "prototype"), F.prototype.constructor === F, Object.getOwnPropertyNames(F)];
//# functions: Symbol.hasInstance
function F() {} return [Function.prototype[Symbol.hasInstance].call(F, new F()), Object.getOwnPropertyDescriptor(Function.prototype, Symbol.hasInstance)];
