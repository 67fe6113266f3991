//# scoping: hoisted functions and variables
return [typeof f, typeof v, f()]; var v = 1; function f() { return "f"; }
//# scoping: temporal dead zone!
return x; let x = 1;
//# scoping: typeof in the dead zone!
return typeof x; const x = 1;
//# scoping: dead zone of a class!
new A(); class A {}
//# scoping: dead zone of parameters!
return (function (a = b, b = 1) { return a; })();
//# scoping: parameters see those before
return (function (a, b = a * 2, c = () => a + b) { a = 10; return [a, b, c()]; })(1);
//# scoping: parameters have a scope of their own
var x = "outer"; return (function (f = () => x) { var x = "inner"; return [x, f()]; })();
//# scoping: blocks
let a = 1; { let a = 2; { let a = 3; } } const f = []; for (let i = 0; i < 3; i++) f.push(() => i); return [a, f.map((g) => g())];
//# scoping: var in a loop is one
var f = []; for (var i = 0; i < 3; i++) f.push(() => i); return f.map((g) => g());
//# scoping: functions in blocks of sloppy code
const before = typeof g; { function g() { return 1; } } return [before, typeof g];
//# scoping: functions in blocks of strict code
"use strict"; { function g() { return 1; } } return typeof g;
//# scoping: the name of a function expression
const f = function fact(n) { return n < 2 ? 1 : n * fact(n - 1); }; return [f(5), typeof fact];
//# scoping: the name of a function expression is constant
return [(function f() { f = 1; return typeof f; })()];
//# scoping: the name of a function expression is constant in strict code!
(function f() { "use strict"; f = 1; })();
//# scoping: catch parameters
var e = "outer"; try { throw "inner"; } catch (e) { var e = "changed"; } return e;
//# scoping: redeclaration!
let a; var a;
//# scoping: redeclaration of a parameter!
(function (a) { let a; });
//# scoping: with
const o = { a: 1, [Symbol.unscopables]: { b: true }, b: 2 }; var b = "outer"; with (o) { a = 5; var r = [a, b]; } return [r, o.a];
//# scoping: with in strict code!
"use strict"; with ({}) {}
//# scoping: with and Array unscopables
with ([1, 2]) { return [typeof keys, typeof values, length, typeof concat]; }
//# scoping: switch dead zone!
switch (2) { case 1: let a = 1; break; case 2: a = 5; }
//# scoping: globals through this
globalThis.zzz = 1; var r = [zzz, this === globalThis, typeof window]; delete globalThis.zzz; return [r, typeof zzz];
//# scoping: an unknown name!
return unknownName;
//# scoping: for-in and for-of bindings
const f = []; for (const k in { a: 1, b: 2 }) f.push(() => k); for (const v of [1, 2]) f.push(() => v); return f.map((g) => g());
//# scoping: class names are constant inside!
class A { static m() { A = 1; } } A.m();
//# scoping: class names may change outside
class A { static m() { return A.name; } } const B = A; A = 5; return [A, B.m()];
//# scoping: shadowing undefined
return (function (undefined) { var NaN = 2; return [undefined, NaN]; })(1);
//# scoping: assigning to global constants in sloppy code
undefined = 1; NaN = 2; Infinity = 3; return [undefined, NaN, Infinity];
//# scoping: assigning to global constants in strict code!
"use strict"; undefined = 1;
//# scoping: let in a loop head is fresh for each turn
const f = []; for (let i = 0, n = () => i; i < 2; f.push(n, () => i), i++); return f.map((g) => g());
