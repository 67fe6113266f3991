//# operators: exponentiation
return [2 ** 3 ** 2, (-2) ** 2, 2n ** 64n, (() => { let x = 3; x **= 3; return x; })()];
//# operators: exponentiation of a unary!
return -2 ** 2;
//# operators: negative BigInt exponent!
return 2n ** -1n;
//# operators: BigInt division by zero!
return 1n / 0n;
//# operators: logical assignment
let a = null, b = 0, c = 1; a ??= 5; b ||= 6; c &&= 7; return [a, b, c];
//# operators: logical assignment does not write
const o = Object.freeze({ a: 1 }); o.a ??= 2; o.a ||= 3; return o.a;
//# operators: mixing ?? and ||!
return null ?? 1 || 2;
//# operators: comma and void
return [(1, 2, 3), void 5];
//# operators: in and instanceof
class A { static [Symbol.hasInstance](x) { return x === 1; } }
return ["a" in { a: 1 }, 0 in [1], "length" in [], 1 instanceof A, [] instanceof Array, Object.create(Array.prototype) instanceof Array];
//# operators: in of a primitive!
return "a" in "abc";
//# operators: instanceof of no function!
return 1 instanceof {};
//# operators: private in
class A { #x = 1; static has(o) { return #x in o; } } return [A.has(new A), A.has({})];
//# operators: delete
const o = { a: 1, get b() { return 2; } }; var v = 1;
return [delete o.a, delete o.b, delete o.none, o, delete v, typeof v];
//# operators: delete in strict code!
"use strict"; delete Object.freeze({ a: 1 }).a;
//# operators: delete of a name in strict code!
"use strict"; var x; delete x;
//# operators: increments
let a = "5", b = 5n, c = { v: 1 }; return [a++, a, ++b, c.v++ + ++c.v, -b];
//# operators: order of evaluation
const log = []; const f = (n) => (log.push(n), n);
f(1) + f(2) * f(3); [f(4), f(5)][f(0)]; ({ [f(6)]: f(7) }); return log;
//# operators: order in assignments
const log = []; const o = { get a() { log.push("get"); return 1; }, set a(v) { log.push(v); } };
(log.push("left"), o)[(log.push("key"), "a")] += (log.push("right"), 5); return log;
//# operators: shifts of BigInts
return [1n << 70n, -5n >> 1n, 5n & 3n, 5n | 3n, 5n ^ -1n, ~5n];
//# operators: unsigned shift of BigInts!
return 1n >>> 0n;
//# operators: remainder signs
return [5 % -3, -5 % 3, -0 % 5, 5.5 % 2, -5n % 3n, Infinity % 2, 5 % Infinity];
//# operators: conditional chains
const f = (n) => n < 0 ? "neg" : n === 0 ? "zero" : n < 10 ? "small" : "big"; return [-1, 0, 5, 50].map(f);
//# operators: new without arguments and chains
class A { b = class { v = 5; }; } return [new A().b.name, new (new A().b)().v, new Array(3).length, new Date(0).getTime()];
//# operators: new.target
function F() { return new.target === F; } function G() { this.t = new.target; } return [F(), Object.keys(new G()), new G().t === G, Reflect.construct(G, [], Array).t === Array];
//# operators: assignment to a constant!
const a = 1; a = 2;
//# operators: assignment to an undeclared name in strict code!
"use strict"; undeclaredName = 1;
//# operators: assignment to an undeclared name in sloppy code
undeclaredName = 1; return Object.getOwnPropertyDescriptor(globalThis, "undeclaredName");
//# operators: property of null!
return null.x;
//# operators: property of undefined by key!
const o = {}; return o.a[Symbol.iterator];
//# operators: call of no function!
const o = { a: { b: 5 } }; o.a.b();
//# operators: new of no constructor!
new (() => 1)();
