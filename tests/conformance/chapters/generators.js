//# generators: values, return and throw
function* g() { try { const a = yield 1; yield a * 2; } finally { yield "cleanup"; } } const a = g(), b = g(); return [a.next(), a.next(5), a.next(), a.next(), b.next(), b.return(9), b.next(), b.next()];
//# generators: throw is caught inside
function* g() { while (true) try { yield 1; } catch (e) { yield "caught " + e; } } const i = g(); return [i.next(), i.throw("x"), i.next()];
//# generators: throw is not caught!
function* g() { yield 1; } const i = g(); i.next(); i.throw(new RangeError("out"));
//# generators: delegation
function* inner() { const x = yield "a"; return x + "!"; } function* outer() { const r = yield* inner(); yield r; yield* "bc"; return 5; } const i = outer(); return [i.next(), i.next("z"), i.next(), i.next(), i.next(), i.next()];
//# generators: delegation forwards return
const log = []; const it = { [Symbol.iterator]() { return { next: () => ({ value: 1, done: false }), return(v) { log.push(v); return { value: "r", done: true }; } }; } }; function* g() { yield* it; } const i = g(); i.next(); return [i.return("v"), log];
//# generators: endless and lazy
function* nat(n = 0) { for (;;) yield n++; } function* take(i, n) { for (const v of i) { if (n-- <= 0) return; yield v; } } return [...take(nat(), 5)];
//# generators: early exit runs finally
const log = []; function* g() { try { yield 1; yield 2; } finally { log.push("finally"); } } for (const v of g()) { log.push(v); break; } const [x] = g(); return [log, x];
//# generators: running twice!
let i; function* g() { i.next(); yield 1; } i = g(); i.next();
//# generators: no constructor!
function* g() {} new g();
//# generators: prototypes
function* g() {} const i = g(); return [Object.getPrototypeOf(i) === g.prototype, i[Symbol.iterator]() === i, String(i), Object.getPrototypeOf(g)[Symbol.toStringTag], i instanceof g];
//# generators: methods on a generator's prototype
function* g() { yield this?.v; } g.prototype.hi = function () { return "hi"; }; return [g().hi(), [...g.call({ v: 5 })]];
//# generators: spread of arguments and destructuring
function* g() { yield* [1, 2, 3]; } const [a, ...b] = g(); return [a, b, Math.max(...g()), new Set(g()), Array.from(g(), (x) => x * 2), Object.fromEntries((function* () { yield ["k", 1]; })())];
//# generators: recursion over a tree
const tree = { v: 1, kids: [{ v: 2, kids: [] }, { v: 3, kids: [{ v: 4, kids: [] }] }] }; function* walk(t) { yield t.v; for (const k of t.kids) yield* walk(k); } return [...walk(tree)];
//# generators: yield in odd places
function* g() { const o = { [yield "key"]: yield "value" }; return [o, `${yield "template"}`, (yield) ?? "none"]; } const i = g(); return [i.next(), i.next("k"), i.next("v"), i.next("t"), i.next()];
//# generators: yield in parameters!
function* g(a = yield 1) {}
//# generators: coroutines in turn
const out = []; function* task(n, k) { for (let i = 0; i < k; i++) { out.push(n + i); yield; } } const q = [task("a", 2), task("b", 3)]; while (q.length) { const t = q.shift(); if (!t.next().done) q.push(t); } return out;
//# generators: the iterator protocol by hand
class Range { constructor(a, b) { Object.assign(this, { a, b }); } [Symbol.iterator]() { let n = this.a; const end = this.b; return { next: () => n < end ? { value: n++, done: false } : { value: undefined, done: true } }; } } return [[...new Range(1, 4)], Math.max(...new Range(1, 9))];
//# generators: an iterator that gives no object!
for (const x of { [Symbol.iterator]: () => ({ next: () => 5 }) }) x;
//# generators: not iterable!
for (const x of {}) x;
