//# classes: fields and methods
class A { x = 1; y = this.x + 1; ["z"] = 3; static s = "static"; m() { return this.y; } static n() { return this.s; } } return [new A(), new A().m(), A.n(), A];
//# classes: private fields, methods and accessors
class A { #x = 1; #m() { return this.#x; } get #g() { return this.#m() + 1; } set #g(v) { this.#x = v; } static #s = 9; run() { this.#g = 5; return [this.#x, this.#m(), this.#g, A.#s]; } } return [new A().run(), new A()];
//# classes: a private field of another object!
class A { #x = 1; static get(o) { return o.#x; } } A.get({});
//# classes: a private method is not written!
class A { #m() {} f() { this.#m = 1; } } new A().f();
//# classes: private names twice!
class A { #a; #a; }
//# classes: static blocks
const log = []; class A { static a = log.push("a"); static { log.push("block"); this.b = A.a + 1; } static c = log.push("c"); static { var v = this.name; this.v = v; } } return [log, A.b, A.c, A.v];
//# classes: inheritance and super
class A { constructor(n) { this.n = n; } hi() { return "A" + this.n; } static make() { return new this(7); } } class B extends A { hi() { return "B" + super.hi(); } get up() { return super.hi; } } return [new B(1).hi(), B.make(), B.make().up === A.prototype.hi];
//# classes: super in object literals
const base = { hi() { return "base " + this.n; } }; const o = { __proto__: base, n: 5, hi() { return "o " + super.hi(); } }; return o.hi();
//# classes: this before super!
class A {} class B extends A { constructor() { this.x = 1; super(); } } new B();
//# classes: no super call!
class A {} class B extends A { constructor() {} } new B();
//# classes: super twice!
class A {} class B extends A { constructor() { super(); super(); } } new B();
//# classes: called without new!
class A {} A();
//# classes: extends null
class A extends null { static s() { return 1; } } return [A.s(), Object.getPrototypeOf(A.prototype), Object.getPrototypeOf(A) === Function.prototype];
//# classes: extends null made!
class A extends null {} new A();
//# classes: extends no constructor!
class A extends (() => 1) {}
//# classes: extends an expression
const mix = (B) => class extends B { mixed() { return "mixed"; } }; class A { a() { return "a"; } } class C extends mix(A) {} return [new C().mixed(), new C().a(), Object.getPrototypeOf(C).name];
//# classes: extends Array
class Stack extends Array { top() { return this[this.length - 1]; } } const s = Stack.of(1, 2, 3); s.push(4); return [s.top(), s, s.map((x) => x * 2) instanceof Stack, s.length, Stack.from("ab"), Array.isArray(s)];
//# classes: extends Error
class E extends Error { constructor(m, o) { super(m, o); this.code = 7; } get name() { return "E"; } } const e = new E("m", { cause: 1 }); return [e, String(e), e instanceof Error, e instanceof E, e.cause, Object.prototype.toString.call(e), e.stack.split("\n")[0]];
//# classes: extends Error with this.name
class E extends Error { constructor(m) { super(m); this.name = "Mine"; } } const e = new E("m"); return [e, String(e), e.stack.split("\n")[0]];
//# classes: extends Error with a field
class E extends Error { name = "Field"; message = "own"; } const e = new E("m"); return [e, String(e)];
//# classes: extends Error with this.constructor.name
class E extends Error { constructor(m) { super(m); this.name = this.constructor.name; Error.captureStackTrace?.(this, E); } } class F extends E {} const e = new F("m"); return [e, String(e)];
//# classes: extends Map and Set
class M extends Map { get(k) { return super.get(k) ?? "none"; } } class S extends Set { add(v) { return super.add(v * 2); } } return [new M([[1, 2]]).get(5), new M([[1, 2]]), new S([1, 2])];
//# classes: extends Promise
class P extends Promise {} const p = P.resolve(1).then((v) => v + 1); return [p instanceof P, P.all([]) instanceof P];
//# async classes: a Promise of a subclass is awaited
class P extends Promise { then(...a) { return super.then(...a); } } return [await new P((r) => r(5)), await P.all([1, P.resolve(2)])];
//# classes: extends RegExp, Date and Function
class R extends RegExp { test(s) { return super.test(s) ? "yes" : "no"; } } class D extends Date { year() { return this.getUTCFullYear(); } } return [new R("a").test("a"), new D(0).year(), new R("a", "g")];
//# classes: extends typed arrays and ArrayBuffer
class U extends Uint8Array { sum() { return this.reduce((a, b) => a + b, 0); } } class B extends ArrayBuffer {} return [U.of(1, 2, 3).sum(), new U(4).map((_, i) => i) instanceof U, new B(8).slice(2) instanceof B];
//# classes: extends Object, Boolean, Number, String
class N extends Number { twice() { return this * 2; } } class S extends String { shout() { return this.toUpperCase() + "!"; } } class O extends Object { constructor(x) { super(x); } } return [new N(4).twice(), new S("a").shout(), new O({ a: 1 }), new N(4)];
//# classes: extends Function
class F extends Function {} return new F("return 5")();
//# classes: accessors
class A { #v = 1; get v() { return this.#v; } set v(x) { this.#v = x + 1; } static get s() { return "s"; } } const a = new A(); a.v = 5; return [a.v, A.s, Object.keys(a), Object.getOwnPropertyDescriptor(A.prototype, "v")];
//# classes: a setter that is missing, in strict code!
class A { get v() { return 1; } } class B extends A { m() { this.v = 2; } } new B().m();
//# classes: attributes of methods
class A { m() {} static s() {} get g() { return 1; } *gen() {} async am() {} } return [Object.getOwnPropertyDescriptors(A.prototype), Object.getOwnPropertyNames(A), Object.getOwnPropertyDescriptor(A, "prototype")];
//# classes: toString of one's own
class P { constructor(x) { this.x = x; } toString() { return `P(${this.x})`; } valueOf() { return this.x; } toJSON() { return { p: this.x }; } } return [`${new P(1)}`, new P(2) + 1, JSON.stringify([new P(3)]), [new P(4)].join()];
//# classes: computed names are evaluated once in order
const log = []; const k = (n) => (log.push(n), n); class A { [k("a")]() {} static [k("b")] = log.push("init"); [k("c")] = 1; } new A(); return log;
//# classes: fields are defined, not set
class A { set x(v) { throw 1; } } class B extends A { x = 5; } return Object.getOwnPropertyDescriptor(new B(), "x");
//# classes: Symbol.species
class A extends Array { static get [Symbol.species]() { return Array; } } return [new A(1, 2).map((x) => x) instanceof A, new A(1, 2).concat([3]).constructor === Array];
//# classes: new.target makes abstract classes!
class Shape { constructor() { if (new.target === Shape) throw new TypeError("abstract"); } } class Sq extends Shape {} new Sq(); new Shape();
//# classes: getters through Reflect.get with a receiver
class A { get v() { return this.w; } } return Reflect.get(new A(), "v", { w: 5 });
//# classes: instances by Object.create
class A { #p = 1; pub = 2; hasP() { return #p in this; } } const o = Object.create(A.prototype); return [o instanceof A, o.hasP(), o];
//# classes: private static across inheritance!
class A { static #s = 1; static get() { return this.#s; } } class B extends A {} A.get(); B.get();
//# classes: return override adds private fields
class Base { constructor(o) { return o; } } class Stamp extends Base { #mark = 1; static has(o) { return #mark in o; } } const o = {}; new Stamp(o); return [Stamp.has(o), Stamp.has({})];
//# classes: name and length
const C = class { constructor(a, b) {} }; class D { static name = "own"; } return [C.name, C.length, D.name, (class {}).name, (class X {}).name];
//# classes: the prototype is constant!
"use strict"; class A {} A.prototype = {};
//# classes: constructor twice!
class A { constructor() {} constructor() {} }
//# classes: async and generator methods
class A { *g() { yield* [1, 2]; } static async *ag() { yield 1; } async am() { return 1; } } return [[...new A().g()], Object.prototype.toString.call(A.ag()), new A().am() instanceof Promise];
//# classes: accessor-like names
class A { get = 1; set = 2; static static = 3; async = 4; static async *[Symbol.iterator]() {} } return [new A(), A.static];
//# classes: instanceof across Symbol.hasInstance of a base
class Even { static [Symbol.hasInstance](n) { return n % 2 === 0; } } class Sub extends Even {} return [2 instanceof Even, 3 instanceof Even, 4 instanceof Sub];
