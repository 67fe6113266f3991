//# numbers: formats
return [(255).toString(16), (0.1).toString(2).length, (1234.5678).toFixed(2), (0.000001).toString(), (1e21).toFixed(2), (123.456).toPrecision(4), (0).toExponential(), (12345).toExponential(2), (-1.5).toFixed(0), (25).toString(36)];
//# numbers: a bad radix!
(1).toString(1);
//# numbers: bad digits!
(1).toFixed(101);
//# numbers: parsing
return [parseInt("12px"), parseInt("0x1f"), parseInt("z", 36), parseInt(""), parseInt("1e3"), parseFloat("3.14abc"), parseFloat(".5"), parseFloat("-.5e-2x"), parseInt(null, 36), parseInt("9007199254740993")];
//# numbers: predicates
return [Number.isInteger(5.0), Number.isSafeInteger(2 ** 53), Number.isNaN("x"), isNaN("x"), isFinite("5"), Number.isFinite("5"), Number.parseFloat === parseFloat];
//# numbers: constants
return [Number.MAX_SAFE_INTEGER, Number.MIN_VALUE, Number.MAX_VALUE, Number.EPSILON, 0.1 + 0.2, 1 / 0, -1 / 0, 0 / 0, 2 ** 53 + 1, 5e-324 / 2];
//# numbers: shortest text
return [1e21, 1e-7, 123456789012345680000, 0.1, 1 / 3, 4.35, 1.7976931348623157e308, 5e-324, 100, 1.0].map(String);
//# numbers: Math of integers
return [Math.clz32(1), Math.imul(0xffffffff, 5), Math.sign(-3), Math.trunc(-4.7), Math.round(-0.5), Math.round(2.5), Math.ceil(-0.5), Math.floor(-1.1), Math.abs(-0), Math.fround(5.5)];
//# numbers: Math of many
return [Math.max(), Math.min(), Math.max(1, NaN), Math.max(-0, 0), Math.hypot(3, 4), Math.hypot(), Math.max(..."123"), Math.min("a")];
//# numbers: Math of functions
return [Math.sqrt(2), Math.cbrt(27), Math.log2(8), Math.log10(1000), Math.log1p(0), Math.expm1(0), Math.exp(1), Math.pow(2, 0.5), Math.atan2(1, -1), Math.sinh(1), Math.PI, Math.sin(1), Math.tan(1), Math.acosh(2)];
//# numbers: Math.random is in range
const r = Array.from({ length: 100 }, Math.random); return [r.every((x) => x >= 0 && x < 1), new Set(r).size > 90];
//# numbers: Math.sumPrecise
return typeof Math.sumPrecise === "function" ? [Math.sumPrecise([1e20, 0.1, -1e20]), Math.sumPrecise([])] : "none";
//# numbers: Math has tags and no call
return [String(Math), Object.getOwnPropertyDescriptor(Math, "PI"), Object.getOwnPropertyDescriptor(Math, "max")];
//# numbers: BigInt arithmetic
return [2n ** 100n, -7n / 2n, -7n % 2n, 10n ** 20n - 1n, BigInt(2 ** 60), BigInt.asUintN(64, -1n), (255n).toString(16), 0n === -0n, 5n == 5, 2n > 1, typeof (1n * 2n)];
//# numbers: BigInt factorial and gcd
const f = (n) => n ? n * f(n - 1n) : 1n; const g = (a, b) => b ? g(b, a % b) : a; return [f(30n), g(2n ** 64n, 12n ** 20n)];
//# numbers: BigInt mixed in Math!
Math.max(1n);
//# numbers: BigInt in JSON!
JSON.stringify({ a: 1n });
//# numbers: new BigInt!
new BigInt(1);
//# numbers: BigInt to locale and number
return [(123456789n).toLocaleString("en-US"), Number(2n ** 64n), parseInt("12n"), Number.parseFloat("5n"), BigInt("  12  ")];
//# numbers: sorted with BigInts
return [3n, 1, 2n, 10].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
//# numbers: valueOf of another kind!
Number.prototype.valueOf.call("1");
//# numbers: methods of literals
return [5..toFixed(1), 5 .constructor.name, (5).hasOwnProperty("x"), 1.5.toString()];
//# dates: a fixed instant
const d = new Date(Date.UTC(2024, 1, 29, 12, 34, 56, 789)); return [d, d.toISOString(), d.toJSON(), d.getUTCDay(), d.getUTCFullYear(), d.valueOf(), d.toUTCString(), JSON.stringify({ d })];
//# dates: parsing
return ["2024-01-01", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00+02:00", "+010000-01-01T00:00:00Z", "2024", "2024-13-01", "Thu, 01 Jan 1970 00:00:00 GMT", "nonsense", "2024-02-30T00:00:00Z"].map((s) => Date.parse(s));
//# dates: an invalid one
const d = new Date(NaN); return [d, String(d), d.getTime(), d.toJSON(), isNaN(d)];
//# dates: an invalid one to ISO!
new Date(NaN).toISOString();
//# dates: setters
const d = new Date(0); d.setUTCMonth(13); d.setUTCDate(0); d.setUTCHours(25, 61, 61, 1001); return [d.toISOString(), d.setTime(5), d.setUTCFullYear(2000, 0, 1)];
//# dates: limits
return [new Date(8.64e15).toISOString(), new Date(8.64e15 + 1).getTime(), new Date(-8.64e15).toISOString(), new Date(1.9).getTime(), new Date(-1.9).getTime()];
//# dates: two digit years
return [new Date(Date.UTC(99, 0)).getUTCFullYear(), new Date(Date.UTC(100, 0)).getUTCFullYear(), Date.UTC(2020), Date.UTC()];
//# dates: from other dates and primitives
const d = new Date(5); return [new Date(d).getTime(), new Date(d) !== d, new Date(null).getTime(), new Date(undefined).getTime(), new Date("5").getTime() > 0, new Date({ valueOf: () => 7 }).getTime(), Date.length];
//# dates: now is a time
const a = Date.now(), b = new Date().getTime(); return [typeof Date(), b >= a, b - a < 10000, Number.isInteger(a)];
//# dates: local time
const d = new Date(2024, 5, 1, 12); return [d.getMonth(), d.getHours(), d.getTimezoneOffset(), d.toString(), d.toDateString(), d.toTimeString()];
//# dates: toLocale forms
const d = new Date(0), o = { timeZone: "Asia/Tokyo" }; return [d.toLocaleString("en-GB", o), d.toLocaleDateString("de-DE", o), d.toLocaleTimeString("en-US", o)];
//# dates: methods of what is no date!
Date.prototype.getTime.call({});
//# dates: arithmetic
const days = (a, b) => Math.round((b - a) / 864e5); const add = (d, n) => new Date(d.getTime() + n * 864e5); return [days(new Date("2024-02-01"), new Date("2024-03-01")), add(new Date("2023-12-31"), 1).toISOString().slice(0, 10)];
//# dates: Symbol.toPrimitive with a bad hint!
new Date(0)[Symbol.toPrimitive]("integer");
//# dates: Temporal
return typeof Temporal;
//# json: stringify of values
return [null, undefined, NaN, -0, "a\u2028\ud800\"", [undefined, () => 1, Symbol()], { a: undefined, b: () => 1, c: null }, new Date(0), new Map([[1, 2]]), Object("x"), [new Number(5)], /x/, Infinity].map((v) => JSON.stringify(v));
//# json: indentation
return [JSON.stringify({ a: [1, { b: 2 }], c: {}, d: [] }, null, 2), JSON.stringify([1], null, "--"), JSON.stringify([1], null, 20), JSON.stringify([1], null, "x".repeat(20))];
//# json: replacer functions
const log = []; const r = JSON.stringify({ a: 1, b: [2, { c: 3 }] }, function (k, v) { log.push([k, Array.isArray(this)]); return typeof v === "number" ? v * 2 : v; }); return [r, log];
//# json: replacer lists
return JSON.stringify({ b: 1, a: { b: 2, c: 3 }, 1: 4 }, ["a", "b", 1, new String("c"), "a"]);
//# json: toJSON
return JSON.stringify({ a: { toJSON(k) { return "key " + k; } }, b: [{ toJSON: () => undefined }], c: { toJSON: 5 } });
//# json: a cycle!
const o = { a: { b: [] } }; o.a.b.push(o); JSON.stringify(o);
//# json: parse
return [JSON.parse('{"a":[1,2.5e3,"\\u0041\\n",null,true,{}],"__proto__":5,"a ":1,"a":7}'), JSON.parse(" 1 "), JSON.parse('"\\ud83d\\ude00"'), JSON.parse("-0")];
//# json: parse of what is none!
JSON.parse("{'a': 1}");
//# json: a trailing comma!
JSON.parse("[1,]");
//# json: the messages
return ["", "{", "nul", '{"a":}', '"a\nb"', "01", "1 2", '{"a":1,}', "undefined", "[1"].map((s) => { try { return JSON.parse(s); } catch (e) { return String(e); } });
//# json: revivers
const log = []; const r = JSON.parse('{"a":[1,2],"d":"1970-01-01T00:00:00.000Z","x":1}', function (k, v) { log.push(k); return k === "d" ? new Date(v) : k === "x" ? undefined : v; }); return [r, log];
//# json: revivers with source
return JSON.parse("[12345678901234567890, 1.0]", (k, v, c) => c?.source ?? v);
//# json: rawJSON
return typeof JSON.rawJSON === "function" ? [JSON.stringify({ a: JSON.rawJSON("12345678901234567890") }), JSON.isRawJSON(JSON.rawJSON("1")), JSON.isRawJSON({})] : "none";
//# json: rawJSON of an object!
JSON.rawJSON("{}");
//# json: a BigInt with toJSON
BigInt.prototype.toJSON = function () { return String(this); }; const r = JSON.stringify([1n]); delete BigInt.prototype.toJSON; return r;
//# json: Proxies and order
return JSON.stringify(new Proxy({ b: 1, a: 2 }, { ownKeys: () => ["a", "b"], get: (t, k) => k === "toJSON" ? undefined : t[k] * 10 }));
//# json: deep copies
const o = { a: [1, { b: null }], c: "d" }; const c = JSON.parse(JSON.stringify(o)); return [c, c.a !== o.a];
//# json: JSON is an object
return [String(JSON), Reflect.ownKeys(JSON).map(String).sort(), JSON.stringify.length];
//# json: nesting is deep
let s = "[".repeat(1000) + "]".repeat(1000); let n = 0; for (let v = JSON.parse(s); v; v = v[0]) n++; return n;
