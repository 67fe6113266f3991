//! What the generated programs are put together from.
//!
//! In each text, `@i` stands for the variable of the innermost loop, `@e` for an expression, `@k` for a number from 1
//! to 9, and `@n` for one below 5,000: up to there V8 lays out the loop of `new Array(n)` in the code around it.
//! `@b` is a body. No piece throws, and none makes anything grow, but for those of [`GROWING`].

/// What every program begins with; the loops' helpers among it count from 0 to `n`.
pub const PRELUDE: &str = "\
const add = (l, r) => l + r;
const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));
const tag = (strings, ...values) => strings.length + values.length;
class Point {
  #u = 1; v = 2;
  constructor(u, v) { this.#u = u; this.v = v; }
  get sum() { return this.#u + this.v; }
  set sum(to) { this.#u = to; }
}
class Deep extends Point { w = 3; get sum() { return super.sum + this.w; } }
const box = { valueOf() { return 3; }, toString() { return 'box'; } };
const prim = { [Symbol.toPrimitive](hint) { return hint === 'number' ? 1 : 'p'; } };
const getter = { n: 0, get value() { return this.n; }, set value(to) { this.n = to & 255; } };
const proxy = new Proxy({ p: 1 }, { get: (o, k) => o[k], set: (o, k, v) => { o[k] = v; return true; }, has: () => true });
const re = /a+b?/g;
function* gen(n) { for (let j = 0; j < n; j++) yield j; }
const iter = (n) => ({ j: 0, [Symbol.iterator]() { return this; }, next() { return { done: this.j >= n, value: this.j++ }; } });
function* counting(n, step) { for (let j = 0; j < n; j += step) yield j; }
async function* later(n, step) { for (let j = 0; j < n; j += step) yield j; }
const iterating = (n, step) => ({ [Symbol.iterator]: () => { let j = 0; return { next: () => ({ done: (j += step) >= n, value: j }), return: () => ({}) }; } });
const cfg = { n: 40, step: 1 };
let N = 40, STEP = 1;
";

/// The variables of a hot function.
pub const LOCALS: &str = "let x = 1, y = 0.5, s = 'ab', a = [1, 2, 3, 4], o = { p: 1, q: 2 }, b = 3n, q, w = 3;
  const t = new Float64Array(32), u = new Int32Array(32), m = new Map(), d = [0.5, 1.5, , 2.5], hoard = [];\n";

/// Integers.
pub const EXPRESSIONS: &[&str] = &[
    "@i",
    "@k",
    "x",
    "(x + @i)",
    "(@i & 7)",
    "a.length",
    "s.length",
    "(@i ^ @k)",
    "(x % 5)",
    "o.p",
    "(y | 0)",
    "u[3]",
];

/// Numbers, strings, regular expressions, BigInts.
pub const SCALARS: &[&str] = &[
    "x = (x + @e) | 0;",
    "x = Math.imul(x, @k) ^ @i;",
    "y = Math.sqrt(Math.abs(y * @k + @e));",
    "y = Math.sin(y) + (Math.max(@e, x) % 7);",
    "y = Math.min(x, @i, @k) / (1 + (Math.floor(Math.abs(y)) % 9));",
    "x = Math.clz32(x + @i) + Math.trunc(Math.hypot(@k, 4));",
    "x = (x >>> 1) ^ (x & 1 ? 0xedb8 : 0);",
    "y = (y ** 2 % 1.7) + Math.fround(@e);",
    "x = Number.parseInt(String(@e)) | 0;",
    "x = Math.sign(@e) + Math.round(y % 100) + Math.cbrt(8);",
    "s = (s + @i).slice(-12);",
    "x = (x + s.charCodeAt(@i & 1)) | 0;",
    "q = s.split('');",
    "q = s.replace('a', 'b') + s.replaceAll('b', 'c');",
    "q = s.repeat(@k).padStart(@k * 9, 'z');",
    "q = s.toUpperCase() + s.trim();",
    "q = `${s}:${@i}:${@e}`;",
    "x = (x + s.indexOf('b') + s.lastIndexOf('a')) | 0;",
    "q = s.replace(/[ab]/g, (c) => c + @i);",
    "q = [...s].join('');",
    "q = s.substring(1, 3) === 'b' ? s.at(-1) : s.codePointAt(0);",
    "q = String.fromCharCode(97 + (@i & 15)).concat(s);",
    "q = /(\\w)(\\d+)?/.exec(s);",
    "q = s.match(/a|b/g);",
    "q = /^[ab]+$/.test(s);",
    "re.lastIndex = 0; q = re.test('aab');",
    "q = [...'a1b2'.matchAll(/\\d/g)].length;",
    "q = s.search(/\\d/);",
    "b = (b * 3n + BigInt(@k)) & 0xffffffn;",
    "b = BigInt.asUintN(64, b << 3n) ^ 5n;",
    "q = b.toString(16).length;",
    "b = BigInt(@i & 255) ** 5n;",
    "b = BigInt.asIntN(64, b + 1n);",
    "q = (x).toString(2) + y.toFixed(2);",
    "q = isNaN(y) || Number.isInteger(x) || Object.is(x, y);",
    "q = Date.now();",
    "switch (@i & 3) { case 0: x ^= 1; break; case 1: x ^= 2; default: x ^= 4; }",
    "q = typeof o === 'object' ? (o?.p ?? 1) : void 0;",
    "x = @i > @k ? x + 1 : x - 1, x |= 0;",
];

/// Arrays and their built-ins.
pub const ARRAYS: &[&str] = &[
    "q = new Array(@n);",
    "q = new Array(@n).fill(@k);",
    "q = new Array(@k);",
    "q = Array(@n); q[@k] = @i;",
    "a.push(@e); if (a.length > 64) a.length = 4;",
    "a.push(@e); a.pop();",
    "x = (x + a.indexOf(@k) + (a.includes(@e) ? 1 : 0)) | 0;",
    "q = a.map((v) => v + @i);",
    "a.forEach((v) => { x = (x + v) | 0; });",
    "q = a.filter((v) => v > @k);",
    "x = a.reduce((p, v) => (p + v) | 0, @i);",
    "x = a.reduceRight((p, v) => (p ^ v) | 0, @i);",
    "q = a.concat([@i, @e]);",
    "q = a.slice(@k % 3);",
    "q = [a, [a]].flat(2);",
    "q = a.flatMap((v) => [v, @i]);",
    "q = Array.from({ length: @k }, (_, j) => j * @i);",
    "q = Array.from(a);",
    "a.fill(@e, 0, 2);",
    "q = [...a, @i];",
    "const [d1, ...d2] = a; x = (x + d1 + d2.length) | 0;",
    "q = a.some((v) => v === @i) || a.every((v) => v < @e);",
    "x = (x + a.findIndex((v) => v === @k) + a.findLastIndex((v) => v > 1)) | 0;",
    "q = a.toSorted((l, r) => l - r);",
    "a.sort((l, r) => (l > r ? 1 : -1));",
    "a.reverse(); q = a.toReversed();",
    "q = a.with(0, @i);",
    "a.unshift(@i); a.shift();",
    "q = Array.of(@i, @e, x);",
    "q = a.join('-').length;",
    "q = a.entries().next().value;",
    "x = (x + a.lastIndexOf(@i)) | 0; q = a.at(-1);",
    "a.copyWithin(0, 1); a.splice(0, 1, @i);",
    "d[@i & 3] = y; y = d[@k & 3] ?? 0;",
    "q = d.indexOf(2.5) + d.length; q = d.map((v) => v * 2);",
    "q = [[1, @i], [2, @e]].map(([l, r]) => l + r);",
    "q = new Array(@k).fill(0).map((_, j) => new Array(@k).fill(j));",
    "for (let j = 0; j < a.length; j++) { x = (x + a[j]) | 0; }",
    "q = Iterator.from([1, 2]).map((v) => v + @i).toArray();",
    "q = a.keys().filter((v) => v & 1).take(2).toArray();",
];

/// Objects, collections, typed arrays.
pub const OBJECTS: &[&str] = &[
    "q = Object.keys(o).length;",
    "q = Object.assign({}, o, { r: @i });",
    "q = { ...o, p: @e };",
    "o.p = @i; o.q = o.p + 1;",
    "const { p, ...rest } = o; x = (x + p) | 0; q = rest;",
    "q = Object.entries(o).map(([k, v]) => k + v);",
    "for (const k in o) { x = (x + k.length) | 0; }",
    "q = Object.fromEntries([['a', @i]]); q = Object.values(q);",
    "o['k' + (@i & 7)] = @e;",
    "q = { a: @i }; delete q.a;",
    "q = Object.freeze({ z: @i }); q = Object.create(q).z;",
    "q = 'p' in o && Object.hasOwn(o, 'q');",
    "q = Object.groupBy(a, (v) => v & 1);",
    "q = JSON.parse(JSON.stringify(o));",
    "q = JSON.stringify(a).length;",
    "q = JSON.parse('[1, {\"a\": 2}]', (k, v) => v);",
    "t[@i & 31] = y; y = t[x & 31];",
    "u[@i & 31] = x; x = u[@k & 31] ^ 1;",
    "t.fill(@k); u.fill(@e, 3, 9);",
    "q = new Uint8Array(@k);",
    "q = new Float64Array(a);",
    "q = t.subarray(1, 5).map((v) => v * 2);",
    "q = t.indexOf(@k) + u.includes(@i);",
    "t.set(t.subarray(0, 4), 8); t.copyWithin(0, 4);",
    "new DataView(t.buffer).setInt16(2, @i); x = new DataView(u.buffer).getInt32(4) | 0;",
    "u.sort(); q = t.slice(2, 6); x = u.reduce((l, r) => (l + r) | 0);",
    "for (let j = 0; j < u.length; j++) { u[j] = (u[j] + @i) | 0; }",
    "m.set(@i & 15, @e); x = (x + m.size) | 0;",
    "q = m.get(@k) ?? m.has(@i & 15);",
    "q = new Set(a).size;",
    "for (const [k, v] of m) { x = (x + k + v) | 0; }",
    "m.forEach((v) => { x = (x ^ v) | 0; });",
    "q = new WeakMap([[o, @i]]).get(o);",
    "q = new Set([1, @i]).union(new Set([2])).size;",
];

/// Functions, classes, iterators, and what calls them unseen.
pub const CALLS: &[&str] = &[
    "q = (() => x + @i)();",
    "x = add(@i, x) | 0;",
    "q = new Point(@i, @e).sum;",
    "q = new Deep(@i, @e); q.v = @k; q = q.sum;",
    "q = tag`a${@i}b${@e}`;",
    "q = box + 1; q = `${box}`; q = box < @i;",
    "q = prim * 2; q = `${prim}`;",
    "q = proxy.p; proxy.p = @i; q = 'z' in proxy;",
    "getter.value = @i; x = (x + getter.value) | 0;",
    "for (const v of gen(@k)) { x = (x + v) | 0; }",
    "q = [...iter(@k)].length;",
    "const { p: z = add(1, @i) } = {}; q = z;",
    "q = Reflect.apply(add, null, [@i, 1]); q = Reflect.get(o, 'p');",
    "q = add.call(null, 1, @i); q = add.apply(null, [1, @e]);",
    "q = add.bind(null, @i)(2);",
    "q = fib(@k % 7);",
    "q = (function () { return arguments.length; })(@i, 1);",
    "q = ((...r) => r.length)(...a);",
    "q = class { static z = @i; }.z;",
    "q = new (class { f = @i; #g = @e; get g() { return this.#g + this.f; } })().g;",
    "q = Symbol('z').description;",
    "try { null.x; } catch { x ^= 1; }",
    "try { throw @i; } catch (e) { x = (x + e) | 0; } finally { x ^= 3; }",
    "q = new Error('e').message;",
    "const g = gen(3); g.next(); g.return(1);",
    "const [g1, g2] = iter(@k); q = g1 + g2;",
    "q = [1, 2, 3].sort(() => @k - 5).length;",
    "const l = []; for (let j = 0; j < 3; j++) l.push(() => j + @i); x = (x + l[1]()) | 0;",
];

/// What makes the heap grow.
pub const GROWING: &[&str] = &[
    "hoard.push(new Array(@n).fill(@k));",
    "hoard.push(new Array(@n));",
    "hoard.push({ @i: x, s: s + @k });",
    "hoard.push(() => hoard);",
    "m.set(hoard.length + m.size * 16, [x]);",
    "hoard.push([...a], s + hoard.length);",
    "hoard[hoard.length] = y;",
    "hoard.push(a.map((v) => ({ v })));",
    "Promise.resolve(@i).then(() => {});",
];

/// Bodies inside of a body, all of them bounded. `@j` is a new variable, `@l` a new label.
pub const NESTS: &[&str] = &[
    "for (let @j = 0; @j < @k; @j++) { @b }",
    "for (let @j = 0; @j < w; @j++) { @b }",
    "let @j = @k; while (@j-- > 0) { @b }",
    "let @j = 0; do { @b } while (++@j < w);",
    "@l: for (let @j = 0; @j < w; @j++) { for (;;) { @b if (@j & 1) continue @l; break; } }",
    "@l: { @b if (x & 1) break @l; x ^= 1; }",
    "for (const @j of [1, 2, 3]) { @b }",
    "for (const @j of gen(w)) { @b }",
    "for (const @j of iter(w)) { @b if (x & 1) break; }",
    "for (const c in o) { const @j = c.length; @b }",
    "[1, 2, 3].forEach((@j) => { @b });",
    "q = [3, 1, 2].map((@j) => { @b return @j; });",
    "[1, 2].reduce((_, @j) => { @b return @j; }, 0);",
    "(() => { const @j = x & 7; @b })();",
    "try { @b } catch { x ^= 1; }",
    "try { @b } finally { x ^= 1; }",
    "if (@i & 1) { @b } else { x ^= 2; }",
    "for (let @j = 0, l = a.length; @j < l; @j++) { if (a[@j] > 50) continue; @b }",
    "for (let @j = 0.5; @j < w; @j += 1.25) { @b }",
    "for (let @j = w; @j > 0; @j >>= 1) { @b }",
];

/// Loops that end when `step` is 1 and never when it is 0; the same code runs in both cases.
pub const LOOPS: &[&str] = &[
    "for (let @j = 0; @j < n; @j += step) { @b }",
    "for (let @j = 0, l = n; @j !== l; @j += step) { @b }",
    "let @j = 0; while (@j < n) { @j += step; @b }",
    "let @j = 0; do { @b } while ((@j += step) < n);",
    "let @j = 0; for (;;) { if (@j >= n) break; @j += step; @b }",
    "let @j = n; while (@j > 0) { @j -= step; @b }",
    "let @j = 0; @l: for (;;) { for (let j = 0; j < w; j++) { if ((@j += step) >= n) break @l; @b } }",
    "let @j = 0; @l: for (;;) { for (let j = 0; j < w; j++) { if ((@j += step) >= n) break @l; @b continue @l; } }",
    "let @j = 0; @l: while (true) { do { @j += step; if (@j < n) { @b continue @l; } break @l; } while (true); }",
    "for (const @j of counting(n, step)) { @b }",
    "for (const @j of iterating(n, step)) { @b }",
    "let @j = 0; const grow = [0]; for (const v of grow) { if ((@j += step) < n) grow.push(v); @b }",
    "let @j = 0; const r2 = /a/g; while (r2.exec('aa') === null || (@j += step) < n) { @b }",
    "let @j = 0; while (true) { try { if (@j >= n) break; @j += step; @b } catch { continue; } finally { x ^= 1; } }",
    "let @j = 0; for (;;) { try { @b } finally { if ((@j += step) < n) continue; } break; }",
    "for (let @j = 0; @j < cfg.n; @j += cfg.step) { @b }",
    "for (let @j = 0; @j < N; @j += STEP) { @b }",
    "for (let @j = 0.5; @j < n; @j += step) { @b }",
    "let @j = 0; while (@j < n) { for (const c in { p: 1, q: 2 }) { @j += step; @b } }",
    "for (let @j = 0; @j < n; @j += step) { for (let j = 0; j < w; j++) { @b } }",
    "for (let j = 0; j < 2; j++) { for (let @j = 0; @j < n; @j += step) { @b } }",
    "const st = { i: 0 }; while (st.i < n) { st.i += step; const @j = st.i; @b }",
    "const ty = new Int32Array(2); while (ty[0] < n) { ty[0] += step; const @j = ty[0]; @b }",
];

/// What the loop of a hot function is in.
pub const CARRIERS: &[&str] = &[
    "@b",
    "try { @b } catch { x ^= 1; } finally { x ^= 2; }",
    "[2, 1].sort(() => { @b return 0; });",
    "'ab'.replace(/a/g, () => { @b return 'c'; });",
    "[1].map(() => { @b return 1; });",
    "[1].forEach(() => { @b });",
    "[1, 2].reduce(() => { @b return 1; });",
    "[1].flatMap(() => { @b return []; });",
    "new Float64Array(1).map(() => { @b return 1; });",
    "Array.from({ length: 1 }, () => { @b return 1; });",
    "JSON.stringify({ toJSON() { @b return 1; } });",
    "JSON.stringify([1], (k, v) => { @b return v; });",
    "JSON.parse('[1]', (k, v) => { @b return v; });",
    "q = { get p() { @b return 1; } }.p;",
    "({ set p(to) { @b } }).p = 1;",
    "q = new Proxy({}, { get() { @b return 1; } }).p;",
    "q = Object.keys(new Proxy({}, { ownKeys() { @b return []; } }));",
    "q = 'z' in new Proxy({}, { has() { @b return true; } });",
    "q = +{ valueOf() { @b return 1; } };",
    "q = `${{ toString() { @b return ''; } }}`;",
    "q = 1 + { [Symbol.toPrimitive]() { @b return 1; } };",
    "q = new (class { f = (() => { @b return 1; })(); })();",
    "(class { static { @b } });",
    "((strings, ...v) => { @b })`a${1}b`;",
    "const { p: z = (() => { @b return 1; })() } = {}; q = z;",
    "q = {} instanceof { [Symbol.hasInstance]() { @b return true; } };",
    "Reflect.apply((...r) => { @b }, null, [1]);",
    "new Promise(() => { @b });",
    "new Map([[1, 2]]).forEach(() => { @b });",
    "[1].values().map(() => { @b return 1; }).toArray();",
    "(function inner(k) { if (k > 0) return inner(k - 1); @b })(3);",
];

/// Carriers of loops whose bodies may yield.
pub const GENERATORS: &[&str] = &[
    "for (const v of (function* () { @b })()) x = (x + v) | 0;",
    "q = [...{ *[Symbol.iterator]() { @b } }].length;",
    "const g = (function* () { @b })(); while (!g.next().done) x ^= 1;",
    "const o2 = { *[Symbol.iterator]() { @b } }; for (const v of o2) { for (const z of iter(2)) x ^= z; }",
    "function* inner() { @b } for (const v of (function* () { yield* inner(); })()) x = (x + v) | 0;",
    "q = new Set((function* () { @b })()).size;",
];
