//# destructuring: arrays
const [a, , b = 5, [c], ...rest] = [1, 2, undefined, [3], 4, 5]; return { a, b, c, rest };
//# destructuring: objects
const { a, b: { c = 2, ...d }, ["k" + 1]: e, f = a + 1, ...g } = { a: 1, b: { x: 9 }, k1: 3, z: 4 }; return { a, c, d, e, f, g };
//# destructuring: assignment to anything
const o = {}; let a, b; [o.x, o["y"], ...o.z] = [1, 2, 3, 4]; ({ p: o.p, q: [a] = [7] } = { p: 5 }); [a, b] = [b, a]; return [o, a, b];
//# destructuring: parameters
const f = ({ a = 1, b } = {}, [c, d = c] = [8]) => [a, b, c, d]; return [f(), f({ b: 2 }, [3]), f.length];
//# destructuring: of null!
const { a } = null;
//# destructuring: of undefined in a parameter!
(({ a }) => a)();
//# destructuring: of what is not iterable!
const [a] = {};
//# destructuring: strings, Maps and Sets
const [a, b] = "é😀"; const [[k, v]] = new Map([["x", 1]]); const [s] = new Set([7]); const { length } = "four"; return [a, b, k, v, s, length];
//# destructuring: defaults only when undefined, lazily
let n = 0; const { a = ++n, b = ++n, c = ++n } = { a: null, b: undefined, c: 0 }; return [a, b, c, n];
//# destructuring: closes iterators
const log = []; const it = { [Symbol.iterator]: () => ({ next: () => ({ value: 1, done: false }), return() { log.push("closed"); return {}; } }) }; const [a, b] = it; const [...[]] = []; return [a, b, log];
//# destructuring: in for loops
const r = []; for (const [k, { v }] of Object.entries({ a: { v: 1 }, b: { v: 2 } })) r.push(k + v); for (const { length } of ["ab", "c"]) r.push(length); return r;
//# destructuring: in catch
try { throw { code: 5, message: "m" }; } catch ({ code, message }) { return [code, message]; }
//# destructuring: names of functions
const { a = () => 1, b = class {} } = {}; const [c = function () {}] = []; return [a.name, b.name, c.name];
//# destructuring: rest skips what is hidden
const o = Object.defineProperty({ a: 1, [Symbol.for("s")]: 2 }, "h", { value: 3 }); const { ...r } = o; return r;
//# destructuring: order of evaluation
const log = []; const k = (n) => (log.push("key " + n), n); const src = { get a() { log.push("get a"); }, get b() { log.push("get b"); return 1; } }; const { [k("a")]: x = log.push("default"), [k("b")]: y } = src; return log;
//# spread: arrays and calls
const a = [1, 2]; return [[0, ...a, ...a, 3, ..."hi"], Math.max(...a, 5), ((...r) => r.length)(...a, ...[3]), new Date(...[2020, 0]).getFullYear(), [...[, 1]]];
//# spread: objects
const o = { a: 1, get g() { return "got"; } }; return { ...o, a: 2, ...null, ...undefined, ...5, ..."ab", ...[9], ...{ b: 3 } };
//# spread: objects copy own enumerable properties without setters
const log = []; const r = { set x(v) { log.push(v); }, ...{ x: 1 } }; class A { own = 1; get p() { return 2; } } return [r, log, { ...new A() }];
//# spread: an object with __proto__
const o = { ...JSON.parse('{"__proto__": {"x": 1}}') }; return [Object.getPrototypeOf(o) === Object.prototype, Object.keys(o)];
//# spread: of what is not iterable!
return [...5];
//# literals: __proto__, shorthand and computed names
const x = 1, p = { inherited: true }; const o = { __proto__: p, x, ["__proto__"]: 5, "a b": 2, 1e3: 3, m() { return super.inherited; } }; return [o, o.inherited, o.m()];
//# literals: __proto__ twice!
return { __proto__: null, "__proto__": null };
//# literals: order of keys
return Object.keys({ b: 1, 2: 1, a: 1, 1: 1, [Symbol()]: 1, "-1": 1, "01": 1 });
//# templates: plain
const a = 1; return [`a${a}b${a + 1}`, `line
two`, `${{}} ${[1, 2]} ${null}`, `\u0041\${a}`, `${`nested ${a}`}`];
//# templates: tagged
const tag = (s, ...v) => [s, s.raw, v, Object.isFrozen(s), Array.isArray(s.raw)]; return tag`a${1}\n${2}`;
//# templates: one strings array for each place
const seen = new Set(); const tag = (s) => seen.add(s); for (let i = 0; i < 3; i++) tag`x`; tag`x`; return seen.size;
//# templates: bad escapes are undefined in tags
return ((s) => [s[0], s.raw[0]])`\unicode and \xerxes`;
//# templates: bad escapes!
return `\u{110000}`;
//# templates: String.raw
return [String.raw`a\n${1}\t`, String.raw({ raw: ["x", "y", "z"] }, 1, 2, 3)];
//# templates: a symbol in a template!
return `${Symbol("s")}`;
//# templates: tags as members and with new
const o = { t(s) { return this.v + s[0]; }, v: "v" }; const make = () => (s) => s.raw[0]; return [o.t`x`, o["t"]`y`, (make())`z`];
//# chaining: optional members
const o = { a: { b: () => 5, c: null } }; return [o?.a?.b?.(), o.x?.y.z.w, o.a.c?.d, o.n?.(), o?.["a"]?.["b"], null?.[(() => { throw 1; })()]];
//# chaining: delete and grouping
const o = { a: { b: 1 } }; return [delete o?.a?.b, delete o.x?.y, o, (o?.z)?.y];
//# chaining: grouping ends the chain!
const o = null; return (o?.a).b;
//# chaining: this is kept
const o = { v: 1, m() { return this?.v; } }; return [o?.m(), o.m?.(), (o?.m)(), (0, o?.m)?.call({ v: 2 })];
//# chaining: a call of no function!
const o = { a: 5 }; o.a?.();
//# chaining: no assignment!
const o = {}; o?.a = 1;
//# chaining: super and new.target
class A { m() { return 1; } } class B extends A { m() { return [super.m?.(), super.n?.(), new.target?.x]; } } return new B().m();
