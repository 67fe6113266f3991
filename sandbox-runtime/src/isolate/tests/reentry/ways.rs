//! Programs that observe something in a hot loop, and change it while the host is called.

/// A declaration, an expression that is observed after each call, and a change.
type Way = (&'static str, &'static str, &'static str, &'static str);

/// Classes, prototypes, fields and maps.
pub(super) const OBJECTS: [Way; 9] = [
    ("a method of a prototype", "", "q.m()", "P.prototype.m = () => 2;"),
    ("the prototype", "", "q.m()", "Object.setPrototypeOf(Q.prototype, { m() { return 3; } });"),
    ("a constant field", "const o = { c: 1 };", "o.c", "o.c = 2;"),
    ("a field of another kind", "const o = { c: 1, d: 2 };", "o.c + o.d", "o.c = 'text'; o.d = 1.5;"),
    ("a map", "const o = { c: 1 };", "o.c", "delete o.c; o.d = 1; o.c = 5;"),
    ("an accessor", "const o = { c: 1 };", "o.c", "Object.defineProperty(o, 'c', { get: () => 6 });"),
    (
        "fields of a class",
        "class C { #p = 1; static s = 1; p() { return this.#p; } set(v) { this.#p = v; } } const o = new C;",
        "o.p() + C.s",
        "o.set(8); C.s = 'nine';",
    ),
    (
        "an object that is frozen",
        "const o = { c: 1, f: null };",
        "o.c + Object.isFrozen(o)",
        "o.c = 3; Object.freeze(o);",
    ),
    ("Object.prototype", "const o = { c: 1 };", "o.absent", "Object.prototype.absent = 'there';"),
];

/// Arrays, their elements, and what is over buffers.
pub(super) const ELEMENTS: [Way; 10] = [
    ("a kind of elements", "const a = [1, 2, 3];", "a[i % 3]", "a[1] = 1.5; a[2] = 'text';"),
    ("a hole", "const a = [1, 2, 3];", "a[1]", "delete a[1];"),
    ("an element of the prototype", "const a = [1, , 3];", "a[1]", "Array.prototype[1] = 'there';"),
    ("a length", "const a = [1, 2, 3];", "a.length + (a[2] ?? 0)", "a.length = 1;"),
    (
        "many elements",
        "const a = [1, 2, 3];",
        "a[2] + a.length",
        "for (let n = 0; n < 5000; n++) a.push(n); a[1e6] = 1; a[2] = 9;",
    ),
    ("an indexed property", "const o = { 0: 1, 1: 2 };", "o[i % 2]", "o[1] = {}; o[0] = 'text';"),
    (
        "a resized buffer",
        "const b = new ArrayBuffer(64, { maxByteLength: 256 }); const w = new Float64Array(b);",
        "w.length + w[7]",
        "b.resize(16);",
    ),
    (
        "a detached buffer",
        "const b = new ArrayBuffer(64); const w = new Int32Array(b);",
        "w.length + w[3]",
        "b.transfer();",
    ),
    (
        "a buffer that grows",
        "const b = new ArrayBuffer(8, { maxByteLength: 256 }); const w = new Uint8Array(b);",
        "w.length + (w[9] ?? 7)",
        "b.resize(128); w[9] = 4;",
    ),
    (
        "a view of data",
        "const b = new ArrayBuffer(64, { maxByteLength: 64 }); const w = new DataView(b);",
        "w.byteLength",
        "b.resize(8);",
    ),
];

/// Assumptions that the engine makes about a whole realm.
pub(super) const PROTECTORS: [Way; 9] = [
    ("a global constant", "globalThis.k = 1;", "k", "globalThis.k = 2;"),
    (
        "a global of another kind",
        "globalThis.k = 1;",
        "k",
        "globalThis.k = 'text'; delete globalThis.k; globalThis.k = {};",
    ),
    ("a variable of the module", "let k = 1;", "k", "k = 2.5;"),
    (
        "iteration",
        "const a = [1, 2];",
        "[...a].length",
        "Array.prototype[Symbol.iterator] = function* () { yield 1; };",
    ),
    (
        "the iterator's next",
        "const a = [1, 2];",
        "(() => { let s = 0; for (const n of a) s += n; return s; })()",
        "Object.getPrototypeOf([][Symbol.iterator]()).next = () => ({ done: true });",
    ),
    (
        "species",
        "class A extends Array {} const a = [1, 2];",
        "a.map((n) => n).constructor.name",
        "Object.defineProperty(Array, Symbol.species, { value: A });",
    ),
    (
        "conversion",
        "const o = { valueOf() { return 1; } };",
        "o + 1",
        "o.valueOf = () => 'text'; Number.prototype.valueOf = () => 3;",
    ),
    ("a built-in", "", "Math.max(i % 2, 0.5)", "Math.max = () => 'most';"),
    ("regular expressions", "const r = /a/;", "r.test('a')", "RegExp.prototype.exec = () => null;"),
];

/// Changes that move or free objects.
pub(super) const GARBAGE: [Way; 4] = [
    (
        "young objects",
        "",
        "(t = { i, n: { i } }, t.n.i)",
        "for (let n = 0; n < 300000; n++) kept = { n, kept: n % 50 ? kept : null };",
    ),
    (
        "stores into what has become old",
        "let old = null;",
        "(old = f.young, old.next = { i }, old.next.i)",
        "for (let n = 0; n < 300000; n++) kept = { n, kept: n % 50 ? kept : null };",
    ),
    (
        "large objects",
        "let big = [1];",
        "big[0]",
        "for (let n = 0; n < 20; n++) big = new Array(100000).fill(n);",
    ),
    (
        "boxes of numbers",
        "let d = 0.1; const o = { d: 0.1 };",
        "(d = i + 0.1, o.d = i * 0.5, d + o.d)",
        "for (let n = 0; n < 200000; n++) kept = [n + 0.5]; o.d = 'text';",
    ),
];

/// Calls inside of calls, and exceptions.
pub(super) const CALLS: [Way; 7] = [
    ("a change that throws", "const o = { c: 1 };", "o.c", "o.c = 2; null.x;"),
    (
        "a change that catches",
        "const o = { c: 1 };",
        "o.c",
        "for (let n = 0; n < 500; n++) try { null.x } catch { o.c = n + 0.5; }",
    ),
    (
        "a change that calls the host",
        "const o = { c: 1 };",
        "o.c",
        "for (let n = 0; n < 20000; n++) { o.c += Host.poke(n) + Host.int(1); try { Host.fails(3) } catch {} }",
    ),
    ("a change that runs the loop", "const o = { c: 1 };", "o.c", "o.c = run(5000).length;"),
    ("a change of the caller", "let part = (i) => i % 3;", "part(i)", "part = (i) => 'new';"),
    (
        "a change that overflows the stack",
        "const o = { c: 1 };",
        "o.c",
        "const down = () => down() + 1; try { down() } catch { o.c = 2 }",
    ),
    (
        "a change of the host's name",
        "const o = { c: 1 };",
        "o.c",
        "try { globalThis.Host = 1 } catch { o.c = 'kept' }",
    ),
];

/// A program that observes an expression in each turn after `call`, as its first values and its last.
pub(super) fn program(declared: &str, observed: &str, change: &str, call: &str, functions: &str) -> String {
    format!(
        "class P {{ m() {{ return 1; }} }} class Q extends P {{}} const q = new Q;
let kept = null, v = 0;
{declared}
{functions}
function loop(n) {{
    let t = null, sum = 0, last = null;
    const seen = [];
    for (let i = 0; i < n; i++) {{
        const f = {{ i, young: {{ i, next: null }} }};
        {call}
        last = {observed};
        if (i > n - 6) seen.push(String(last), String(v), f.young.i);
        sum = (sum + (typeof last === 'number' && last === last ? last : 7)) % 1000003;
    }}
    return JSON.stringify([seen, sum, String(last), String(v)]);
}}
export function run(n) {{ v = 0; return loop(n); }}
export function change() {{ {change} return ''; }}
"
    )
}

/// A program with one call of a host method in each turn.
pub(super) fn observing(observed: &str, call: &str, change: &str) -> String {
    let call = if call.is_empty() { "v += Host.poke(i);" } else { call };
    program("", observed, change, call, "")
}

type Programs = Vec<(String, String)>;

/// Calls of each kind of result, whose own result counts as well.
pub(super) const RESULTS: [(&str, &str); 18] = [
    ("f64", "v = (v + Host.poke(i)) % 1e9;"),
    ("f64 that is NaN", "v = Host.odd(i);"),
    ("i32", "v = (v * 31 + Host.int(i)) | 0;"),
    ("i16", "v = (v * 31 + Host.short(i & 0x7fff)) | 0;"),
    ("i8", "v = (v * 31 + Host.tiny(i & 0x7f)) | 0;"),
    ("u32", "v = (v * 31 + Host.word(i)) >>> 0;"),
    ("u16", "v = (v * 31 + Host.half(i & 0xffff)) >>> 0;"),
    ("u8", "v = (v * 31 + Host.byte(i & 0xff)) >>> 0;"),
    ("bool", "v = Host.flag(i % 2 === 0);"),
    ("unit", "v = Host.unit(i);"),
    ("no argument", "v += Host.zero();"),
    ("arguments on the stack", "v = (v + Host.six(i, v | 0, i + 1, 2, -3, i ^ 5)) | 0;"),
    ("a failure", "try { v = Host.fails(i); } catch (e) { v = e.message; }"),
    (
        "a failure that is awaited by finally",
        "try { try { v = Host.fails(i); } finally { v = [v]; } } catch (e) { v += e.message; }",
    ),
    ("a failure of nothing", "try { v = Host.failsUnit(i); } catch (e) { v = e.message; }"),
    ("a panic", "try { v = Host.failsFlag(i); } catch (e) { v = 'panic'; }"),
    ("several", "v = Host.poke(i) + Host.int(Host.byte(i & 0xff)) + Number(Host.flag(Host.word(i) > 5));"),
    ("a wrong argument", "try { v = Host.int(i > 50 ? i : 0.5); } catch (e) { v = e.message; }"),
];

/// Every way that changes something, with a call that returns a number.
pub(super) fn programs(ways: &[Way]) -> Programs {
    let all = ways.iter().map(|(name, declared, observed, change)| {
        ((*name).to_owned(), program(declared, observed, change, "v = (v + Host.poke(i)) % 1e9;", ""))
    });
    all.collect()
}

/// Every kind of result, with two ways.
pub(super) fn of_every_kind() -> Programs {
    let all = RESULTS.iter().flat_map(|(result, call)| {
        [&OBJECTS[0], &ELEMENTS[0]].map(|(name, declared, observed, change)| {
            (format!("{result}: {name}"), program(declared, observed, change, call, ""))
        })
    });
    all.collect()
}

/// Frames that a call can be inlined into, each of which V8 has to rebuild.
pub(super) const CALLERS: [(&str, &str, &str); 14] = [
    ("a function", "function f1(i) { return Host.poke(i) + 1; }", "v = f1(i);"),
    (
        "functions in functions",
        "const g1 = (i) => Host.int(i) + 1, g2 = (i) => g1(i) * 2, g3 = (...a) => g2(...a);",
        "v = g3(i);",
    ),
    ("a constructor", "class K { constructor(i) { this.a = 1; this.v = Host.poke(i); } }", "v = new K(i).v;"),
    (
        "a derived constructor",
        "class L { constructor(i) { this.v = Host.int(i); } } class M extends L { x = 1; }",
        "v = new M(i).v;",
    ),
    ("a getter", "const acc = { i: 0, get v() { return Host.word(this.i); } };", "acc.i = i; v = acc.v;"),
    ("a setter", "const acc = { set v(i) { v = Host.poke(i); } };", "acc.v = i;"),
    ("forEach", "const three = [1, 2, 3];", "v = 0; three.forEach((n) => { v += Host.poke(n + i); });"),
    (
        "map and reduce",
        "const three = [1, 2, 3];",
        "v = three.map((n) => Host.int(n + i)).reduce((a, n) => a + n + Host.poke(n >>> 0));",
    ),
    (
        "find and every",
        "const three = [1, 2, 3];",
        "v = String(three.find((n) => Host.flag(n === 2))) + three.every((n) => Host.byte(n) > 0);",
    ),
    ("sort", "", "v = [3, 1, 2].sort((a, b) => a - b + Host.zero() - 7).join();"),
    (
        "apply",
        "const f1 = function (i) { return Host.poke(i); };",
        "v = f1.apply(null, [i]) + f1.call(null, i) + Reflect.apply(f1, null, [i]);",
    ),
    (
        "try and finally",
        "function f1(i) { try { return Host.fails(i); } catch { return 'caught'; } finally { v = i; } }",
        "v = f1(i);",
    ),
    ("a generator", "function* g1(i) { yield Host.poke(i); yield Host.int(i); }", "v = [...g1(i)].join();"),
    ("iteration", "const three = [1, 2, 3];", "v = 0; for (const n of three) v += Host.poke(n);"),
];

/// Every kind of caller, with two ways.
pub(super) fn of_every_caller() -> Programs {
    let all = CALLERS.iter().flat_map(|(caller, functions, call)| {
        [&OBJECTS[0], &PROTECTORS[0]].map(|(name, declared, observed, change)| {
            (format!("{caller}: {name}"), program(declared, observed, change, call, functions))
        })
    });
    all.collect()
}
