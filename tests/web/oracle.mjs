// Writes `rows.txt`: expressions of the web's names, and what node shows for each. `node tests/web/oracle.mjs > tests/web/rows.txt`
import { readFileSync } from "node:fs";

const show = new Function(`${readFileSync(new URL("show.js", import.meta.url), "utf8")} return show;`)();
const q = JSON.stringify;
const rows = [];
const row = (expression) => rows.push(expression);

// URLs
const urls = [
  "http://example.com", "https://user:pa%20ss@example.com:8080/a/b/../c?x=1&y=2#frag", "HTTP://EXAMPLE.COM:80/", "https://example.com:443/x",
  "ftp://h:21/f", "file:///etc/passwd", "file:c:\\a\\b", "file://host/share", "mailto:a@b.c", "data:text/plain,hi there", "javascript:alert(1)",
  "blob:https://example.com/id", "about:blank", "ws://x/y", "wss://x:443/", "http://127.1/", "http://0x7f.1/", "http://2130706433/",
  "http://0177.0.0.1/", "http://256.1.1.1/", "http://1.2.3.4.5/", "http://[::1]/", "http://[::ffff:1.2.3.4]/", "http://[1::2::3]/", "http://[::1",
  "http://münchen.de/ä?ö#ü", "http://xn--mnchen-3ya.de/", "http://faß.de/", "http://☕.example/", "http://a b/", "http://a%20b/", "http://a%41b/",
  "http://ex%61mple.com/", "http://a<b/", "http://a|b/", "http://a^b/", "http:///x", "http:/x", "http:x", "http:\\\\x\\y", "//x/y", "/x", "x", "", " http://x/ ", "http://x/\ty\n",
  "http://x/%", "http://x/%zz", "http://x/%2e%2e/y", "http://x/./y/.", "http://x/a;b=c", "http://x/?a=b?c#d#e", "http://x?", "http://x#", "http://x/?#",
  "http://x:99999/", "http://x:/", "http://x:0/", "http://x:00080/", "http://@x/", "http://:@x/", "http://a@b@c/", "http://a:b:c@d/", "http://user@/",
  "non-special://host/path", "non-special:opaque path", "foo://", "foo:///x", "foo:/a/../b", "foo://h/../../x", "1http://x", "a+b-c.d://x", "http://x/\u{1f600}",
  "http://x/\ud800", "http://x/'\"<>`{}", "http://x/?'\"<>`{}", "http://x/#'\"<>`{}", "https://example.com./", "https://.example/", "https://a..b/", "https://-a-/", "https://a_b/",
];
const parts = ["href", "origin", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash"];
for (const url of urls) row(`(() => { const u = new URL(${q(url)}); return [${parts.map((part) => `u.${part}`)}]; })()`);
const bases = ["http://base.example/a/b?q#f", "file:///a/b", "mailto:x", "foo://h/p", "data:x"];
for (const url of ["", "x", "/x", "//x", "?x", "#x", "../x", "./x", "http:x", "\\x", "foo:x"]) {
  for (const base of bases) row(`new URL(${q(url)}, ${q(base)}).href`);
}
for (const url of ["http://x", "x", ""]) row(`URL.canParse(${q(url)})`);
const values = ["", "https", "ftp", "foo", "a:b", "h2", "h2:81", "[::2]", "a/b", "?q=1", "#f", "%41", "ä", "8080", "80", "65536", "x y", "\ud800", "//z"];
for (const part of parts.filter((part) => part !== "origin")) {
  for (const value of values) row(`(() => { const u = new URL("http://u:p@h:1/p?s#f"); u.${part} = ${q(value)}; return u.href; })()`);
}
for (const part of ["protocol", "host", "port", "pathname", "search", "hash", "username"]) {
  for (const value of ["https", "x", "1", "/a b", "?q", ""]) row(`(() => { const u = new URL("foo:opaque"); u.${part} = ${q(value)}; return u.href; })()`);
}
row(`JSON.stringify({ u: new URL("http://x") })`);
row(`String(new URL("http://x"))`);
row(`Object.prototype.toString.call(new URL("http://x"))`);
row(`new URL()`);
row(`URL("http://x")`);

// URLSearchParams
const queries = ["", "?", "a=1", "?a=1&b=2&a=3", "a", "=b", "&&a=&=", "a=b=c", "a+b=c%20d", "%41=%zz", "ä=ö", "a=%F0%9F%98%80&b=%ff", "a=\ud800", "x=%00", "a;b=c", "~!*()'=1"];
for (const query of queries) {
  row(`String(new URLSearchParams(${q(query)}))`);
  row(`[...new URLSearchParams(${q(query)})]`);
  row(`(() => { const p = new URLSearchParams(${q(query)}); return [p.size, p.get("a"), p.getAll("a"), p.has("a"), p.has("a", "1"), p.has("b", undefined)]; })()`);
  row(`(() => { const p = new URLSearchParams(${q(query)}); p.append("a", "n"); p.set("a", "z"); p.delete("b"); p.sort(); return String(p); })()`);
}
for (const init of ["{ a: 1, b: [2] }", "[['a', 'b'], ['c', 'd']]", "new Map([['x', 'y']])", "[['a']]", "[['a', 'b', 'c']]", "null", "undefined", "5", "[]", "{}", "['ab', 'cd']", "[5]", "new URLSearchParams('q=1')", "Symbol()", "{ [Symbol.iterator]: 5 }", "() => {}"]) {
  row(`String(new URLSearchParams(${init}))`);
}
row(`(() => { const p = new URLSearchParams("z=1&a=2&\u{1f600}=3&\uffff=4&a=1"); p.sort(); return [...p.keys()]; })()`);
row(`(() => { const u = new URL("http://x/?a=1"); const p = u.searchParams; p.append("b", "c d"); u.search = "?q=9"; return [u.href, String(p), p === u.searchParams]; })()`);
row(`(() => { const u = new URL("http://x/?a=1"); u.searchParams.delete("a"); return u.href; })()`);
row(`(() => { const u = new URL("http://x/?a=~"); u.searchParams.append("b", "~"); u.href = "http://y/?c=d"; return [...u.searchParams.values()]; })()`);
row(`(() => { const seen = []; new URLSearchParams("a=1&b=2").forEach(function (v, k, p) { seen.push(v, k, this.t); }, { t: 5 }); return seen; })()`);
row(`(() => { const i = new URLSearchParams("a=1").entries(); return [i.next(), i.next(), Object.prototype.toString.call(i), typeof i.map]; })()`);
row(`(() => { const p = new URLSearchParams("a=1&a=2&b=3"); p.delete("a", "2"); return String(p); })()`);
for (const method of ["append", "delete", "get", "getAll", "has", "set", "forEach"]) row(`new URLSearchParams().${method}()`);

// Base64
const texts = ["", "a", "ab", "abc", "abcd", "\u0000\u00ff", "ÿþ", "€", "\ud800", "\u0100"];
for (const value of texts) row(`btoa(${q(value)})`);
for (const value of ["", " ", "YQ", "YQ=", "YQ==", "YQ===", "Y Q = =", "Y", "YR==", "YWI", "YWI=", "YWJj", "YWJj=", "YWJjZA", "=", "==", "a-_b", "ab\u00a0cd", "\tYQ\n=\f=\r", "YQ==YQ==", "Y=Q=", "/+8=", "////", "é", "ab=c"]) row(`atob(${q(value)})`);
for (const value of ["null", "undefined", "12", "{}", "[]", "Symbol()", "{ toString() { return 'YQ'; } }", "1n", "true"]) row(`[atob(${value})]`), row(`btoa(${value})`);
row("atob()");
row("btoa()");
row("new atob('')");
row("(() => { try { atob('!'); } catch (e) { return [e instanceof DOMException, e instanceof Error, e.code, e.name, Object.prototype.toString.call(e)]; } })()");

// Texts and bytes
for (const value of ["", "a", "é", "€", "\u{1f600}", "\ud800", "\udc00a", "a\u0000b", "\ufeffx"]) {
  row(`new TextEncoder().encode(${q(value)})`);
  for (const size of [0, 1, 3, 4, 8]) row(`(() => { const into = new Uint8Array(${size}); const r = new TextEncoder().encodeInto(${q(value)}, into); return [r, into]; })()`);
}
row("new TextEncoder().encode()");
row("new TextEncoder().encode(null)");
row("new TextEncoder().encoding");
row("new TextEncoder().encodeInto('a')");
row("new TextEncoder().encodeInto('a', [])");
const bytes = [[], [97], [0xc3, 0xa9], [0xc3], [0xe2, 0x82], [0xe2, 0x82, 0xac], [0xf0, 0x9f, 0x98, 0x80], [0xf0, 0x9f, 0x98], [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xef, 0xbb, 0xbf, 97], [0xfe, 0xff, 0, 97], [0xff, 0xfe, 97, 0], [97, 0], [0x3d, 0xd8, 0x00, 0xde], [0x3d, 0xd8], [0x00, 0xde, 97, 0], [0x80, 0x9f, 0xa0, 0xff], [97, 0xe2, 0x28, 0xa1, 98]];
for (const list of bytes) {
  for (const label of ["utf-8", "utf-16le", "latin1"]) row(`new TextDecoder(${q(label)}).decode(new Uint8Array(${q(list)}))`);
  row(`new TextDecoder("utf8", { fatal: true }).decode(new Uint8Array(${q(list)}))`);
  row(`new TextDecoder("utf8", { ignoreBOM: true }).decode(new Uint8Array(${q(list)}))`);
  row(`(() => { const d = new TextDecoder(); let s = ""; for (const b of ${q(list)}) s += d.decode(Uint8Array.of(b), { stream: true }); return [s, d.decode()]; })()`);
  row(`(() => { const d = new TextDecoder("utf-16le"); let s = ""; for (const b of ${q(list)}) s += d.decode(Uint8Array.of(b), { stream: true }); return [s, d.decode()]; })()`);
}
for (const label of ["UTF8", " utf-8\n", "unicode-1-1-utf-8", "ascii", "iso-8859-1", "cp1252", "utf-16", "ucs-2", "utf-16be", "nope", "utf-7", "", "utf-8\u0000", "\u00a0utf-8"]) row(`new TextDecoder(${q(label)}).encoding`);
row("new TextDecoder().decode()");
row("new TextDecoder().decode(new ArrayBuffer(2))");
row("new TextDecoder().decode(new DataView(Uint8Array.of(1, 97, 98).buffer, 1, 1))");
row("new TextDecoder().decode(new Uint16Array([0x6161]))");
row("new TextDecoder().decode('a')");
row("new TextDecoder().decode([97])");
row("new TextDecoder().decode(null)");
row("(() => { const b = new ArrayBuffer(4, { maxByteLength: 8 }); const v = new Uint8Array(b, 2); b.resize(1); return new TextDecoder().decode(v); })()");
row("(() => { const b = new ArrayBuffer(4); const v = new Uint8Array(b); structuredClone(b, { transfer: [b] }); return new TextDecoder().decode(v); })()");
row("[new TextDecoder('utf-8', { fatal: 1 }).fatal, new TextDecoder().ignoreBOM]");

// structuredClone
const clones = [
  "1", "-0", "'x'", "null", "undefined", "true", "5n", "Symbol()", "() => {}", "class {}", "{}", "{ a: 1, b: { c: [1, 2] } }", "[1, , 3]", "Object.assign([1], { x: 2 })",
  "new Date(5)", "new Date(NaN)", "/a\\/b/gi", "Object.assign(/x/g, { lastIndex: 3 })", "new Map([[1, { a: 1 }], ['k', new Set([1])]])", "new Set([1, [2]])", "new Number(5)", "new String('s')", "new Boolean(false)",
  "Uint8Array.of(1, 2, 3)", "new Uint16Array([1, 65535])", "new Float64Array([1.5, NaN])", "new BigInt64Array([1n])", "new Uint8ClampedArray([300])", "new DataView(new ArrayBuffer(4), 1, 2)", "new ArrayBuffer(3)", "Uint8Array.of(1, 2, 3, 4).subarray(1, 3)",
  "new Error('m')", "new RangeError('r')", "new TypeError()", "Object.assign(new Error('m'), { x: 1 })", "new Error('m', { cause: { a: 1 } })", "new AggregateError([1], 'a')", "Object.assign(new Error('q'), { name: 'Custom' })",
  "new (class A { constructor() { this.x = 1; } get y() { return 2; } })()", "{ get a() { return 5; } }", "{ get a() { throw new RangeError(); } }", "Object.create({ inherited: 1 })", "Object.create(null, { x: { value: 1, enumerable: true } })",
  "Object.defineProperty({ b: 1 }, 'a', { value: 1 })", "{ [Symbol()]: 1, a: 2 }", "new Proxy({}, {})", "Promise.resolve()", "new WeakMap()", "new WeakSet()", "(function* () {})()", "[].values === 1", "new Map().keys()", "(function () { return arguments; })(1, 2)",
  "Object.freeze({ a: 1 })", "JSON.parse('{\"__proto__\": 1}')", "{ f() {} }", "[() => {}]", "new Map([[() => {}, 1]])", "Object(5n) instanceof Object", "{ 1: 'a', b: 2, 0: 'c' }", "[undefined, null]", "new Array(3)", "Math", "JSON",
];
for (const value of clones) row(`structuredClone(${value})`);
row("structuredClone()");
row("structuredClone(1, null)");
row("structuredClone(1, 5)");
row("structuredClone({ a: 1 }, { transfer: [] })");
row("(() => { const o = { a: 1 }; o.self = o; const c = structuredClone(o); return [c.self === c, c !== o]; })()");
row("(() => { const s = {}; const c = structuredClone([s, s]); return c[0] === c[1]; })()");
row("(() => { const b = new ArrayBuffer(4); const c = structuredClone([new Uint8Array(b), new Uint8Array(b)]); return c[0].buffer === c[1].buffer; })()");
row("(() => { const b = Uint8Array.of(1, 2).buffer; const c = structuredClone({ b }, { transfer: [b] }); return [b.byteLength, c.b]; })()");
row("(() => { const b = new ArrayBuffer(1); return structuredClone(b, { transfer: [b, b] }); })()");
row("structuredClone(1, { transfer: [{}] })");
row("structuredClone(1, { transfer: [1] })");
row("(() => { const b = new ArrayBuffer(1); structuredClone(b, { transfer: [b] }); return structuredClone(1, { transfer: [b] }); })()");
row("(() => { const b = new ArrayBuffer(1); structuredClone(b, { transfer: [b] }); return structuredClone(b); })()");
row("(() => { const b = new ArrayBuffer(1); try { structuredClone([b, () => {}], { transfer: [b] }); } catch {} return b.byteLength; })()");
row("(() => { const o = { get a() { delete o.b; return 1; }, b: 2 }; return structuredClone(o); })()");
row("(() => { const m = new Map(); m.set('k', { get x() { m.set('new', 1); return 1; } }); return structuredClone(m); })()");
row("(() => { try { structuredClone(() => {}); } catch (e) { return [e.name, e.code, e instanceof DOMException]; } })()");
row("new structuredClone(1)");

// DOMException
for (const args of ["", "'m'", "'m', 'AbortError'", "'m', 'NotFoundError'", "'m', 'Nope'", "undefined, undefined", "1, 2"]) {
  row(`(() => { const e = new DOMException(${args}); return [e.message, e.name, e.code, e instanceof Error, e instanceof DOMException, String(e), typeof e.stack]; })()`);
}
row("DOMException('x')");
row("new DOMException('m', { name: 'DataError', cause: 5 }).cause");

// crypto
const digests = ["SHA-1", "sha-256", "SHA-384", "SHA-512"];
row("crypto.getRandomValues(new Uint8Array(4)).length");
row("crypto.getRandomValues(new Float32Array(4))");
row("crypto.getRandomValues(new Uint8Array(65537))");
row("crypto.getRandomValues(new Uint32Array(16384)).length");
row("crypto.getRandomValues([])");
row("crypto.getRandomValues()");
row("(() => { const a = new Uint8Array(8); return crypto.getRandomValues(a) === a; })()");
row("/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID())");
row("Object.prototype.toString.call(crypto)");
row("new Crypto()");
row("new SubtleCrypto()");
row("crypto.subtle === crypto.subtle");
row("crypto.subtle.digest('SHA-1', new Uint8Array(1)) instanceof Promise");

// The rest
row("typeof performance.now()");
row("performance.now() >= 0");
row("typeof performance.timeOrigin");
row("queueMicrotask()");
row("queueMicrotask(5)");
row("queueMicrotask(() => {})");
row("self === globalThis");

// Events
for (const make of ["new Event()", "new Event('a')", "new Event(5)", "new Event('a', null)", "new Event('a', 5)", "new Event(Symbol())", "Event('a')", "new CustomEvent()", "new CustomEvent('a')"]) row(`${make}.type`);
for (const part of ["bubbles", "cancelable", "composed", "defaultPrevented", "target", "currentTarget", "srcElement", "eventPhase", "returnValue", "cancelBubble", "isTrusted", "composedPath()", "preventDefault()", "stopPropagation()", "stopImmediatePropagation()"]) {
  for (const options of ["", ", { bubbles: 1, cancelable: true, composed: 'x' }"]) row(`new Event("a"${options}).${part}`);
}
row(`typeof new Event("a").timeStamp`);
row(`[Event.NONE, Event.CAPTURING_PHASE, Event.AT_TARGET, Event.BUBBLING_PHASE, new Event("a").BUBBLING_PHASE]`);
for (const options of ["", ", {}", ", { detail: 5 }", ", { detail: undefined }", ", { detail: null }", ", { detail: { a: 1 } }"]) row(`new CustomEvent("a"${options}).detail`);
for (const value of ["new Event('a')", "new CustomEvent('a')", "new EventTarget()", "new AbortController()", "new AbortController().signal"]) row(`Object.prototype.toString.call(${value})`);
row(`new CustomEvent("a") instanceof Event`);
row(`new AbortController().signal instanceof EventTarget`);
row(`[Event.length, CustomEvent.length, EventTarget.length, EventTarget.prototype.addEventListener.length, EventTarget.prototype.removeEventListener.length, EventTarget.prototype.dispatchEvent.length]`);
const told = (body) => row(`(() => { const seen = [], t = new EventTarget(), f = (e) => { seen.push(e.type); }; ${body} return seen; })()`);
told("t.addEventListener('a', f); t.dispatchEvent(new Event('a')); t.dispatchEvent(new Event('b'));");
told("t.addEventListener('a', f); t.addEventListener('a', f); t.addEventListener('a', f, true); t.dispatchEvent(new Event('a'));");
told("t.addEventListener('a', f, true); t.removeEventListener('a', f); t.dispatchEvent(new Event('a')); t.removeEventListener('a', f, { capture: 1 }); t.dispatchEvent(new Event('a'));");
told("t.addEventListener('a', f, { once: true }); t.dispatchEvent(new Event('a')); t.dispatchEvent(new Event('a'));");
told("t.addEventListener('a', (e) => { seen.push(1); e.stopImmediatePropagation(); }); t.addEventListener('a', f); seen.push(t.dispatchEvent(new Event('a')));");
told("t.addEventListener('a', (e) => { e.preventDefault(); seen.push(e.defaultPrevented); }); seen.push(t.dispatchEvent(new Event('a')), t.dispatchEvent(new Event('a', { cancelable: true })));");
told("t.addEventListener('a', (e) => { e.preventDefault(); }, { passive: true }); seen.push(t.dispatchEvent(new Event('a', { cancelable: true })));");
told("t.addEventListener('a', () => { t.addEventListener('a', f); seen.push(1); }, { once: true }); t.dispatchEvent(new Event('a')); t.dispatchEvent(new Event('a'));");
told("const g = (e) => { seen.push(2); }; t.addEventListener('a', () => { t.removeEventListener('a', g); seen.push(1); }); t.addEventListener('a', g); t.addEventListener('a', f); t.dispatchEvent(new Event('a'));");
told("const o = { handleEvent(e) { seen.push(this === o, e.target === t, e.currentTarget === t, e.eventPhase, e.composedPath().length); } }; t.addEventListener('a', o); const e = new Event('a'); t.dispatchEvent(e); seen.push(e.target === t, e.currentTarget, e.eventPhase);");
told("t.addEventListener('a', function () { seen.push(this === t); }); t.dispatchEvent(new Event('a'));");
told("t.addEventListener('a', null); t.addEventListener('a', undefined); t.dispatchEvent(new Event('a'));");
told("const e = new Event('a'); t.addEventListener('a', () => { try { t.dispatchEvent(e); } catch (error) { seen.push(error.name); } }); t.dispatchEvent(e); t.dispatchEvent(e);");
told("class Own extends EventTarget { x = 5; } const o = new Own(); o.addEventListener('a', (e) => seen.push(e.target.x)); o.dispatchEvent(new Event('a'));");
told("class Own extends Event { constructor() { super('own', { cancelable: true }); } } t.addEventListener('own', f); t.dispatchEvent(new Own());");
told("const c = new AbortController(); t.addEventListener('a', f, { signal: c.signal }); t.dispatchEvent(new Event('a')); c.abort(); t.dispatchEvent(new Event('a'));");
told("t.addEventListener('a', f, { signal: AbortSignal.abort() }); t.dispatchEvent(new Event('a'));");
told("t.addEventListener({ toString: () => 'a' }, f); t.dispatchEvent(new Event('a'));");
for (const call of ["addEventListener()", "addEventListener('a')", "addEventListener('a', 5)", "addEventListener('a', 'f')", "addEventListener('a', () => {}, { signal: null })", "addEventListener('a', () => {}, { signal: {} })", "removeEventListener('a')", "dispatchEvent()", "dispatchEvent({ type: 'a' })", "dispatchEvent('a')", "addEventListener.call({}, 'a', () => {})"]) row(`new EventTarget().${call}`);
row("EventTarget()");

// Signals
row("new AbortSignal()");
row("AbortSignal.abort().reason");
row("AbortSignal.abort().reason instanceof DOMException");
row("AbortSignal.abort().reason.code");
row("AbortSignal.abort(undefined).reason.name");
row("AbortSignal.abort(null).reason");
row("AbortSignal.abort(5).reason");
row("AbortSignal.abort(5).throwIfAborted()");
row("AbortSignal.abort().throwIfAborted()");
row("new AbortController().signal.throwIfAborted()");
const signals = (body) => row(`(() => { const seen = [], c = new AbortController(), s = c.signal; ${body} return seen; })()`);
signals("seen.push(s.aborted, s.reason, s.onabort, s === c.signal); c.abort(); seen.push(s.aborted, s.reason.name, s.reason.message);");
signals("s.onabort = function (e) { seen.push(this === s, e.type, e.target === s, e instanceof Event, e.isTrusted); }; c.abort(); c.abort();");
signals("s.addEventListener('abort', () => seen.push(1)); s.onabort = () => seen.push(2); s.addEventListener('abort', () => seen.push(3)); c.abort(9); seen.push(s.reason);");
signals("s.onabort = () => seen.push(1); s.onabort = null; c.abort();");
signals("s.onabort = 5; seen.push(s.onabort);");
signals("const a = AbortSignal.any([s, new AbortController().signal]); a.onabort = () => seen.push(a.reason, s.aborted); c.abort('r');");
signals("const a = AbortSignal.any([AbortSignal.any([s])]); c.abort(7); seen.push(a.aborted, a.reason);");
signals("seen.push(AbortSignal.any([]).aborted, AbortSignal.any([s, AbortSignal.abort(1), AbortSignal.abort(2)]).reason);");
signals("s.addEventListener('x', (e) => seen.push(e.type)); s.dispatchEvent(new Event('x')); s.dispatchEvent(new Event('abort')); seen.push(s.aborted);");
row("AbortSignal.any()");
row("AbortSignal.any([{}])");
row("AbortController.prototype.abort.call({})");

// Buffers
const encodings = ["utf8", "UTF-8", "utf16le", "ucs2", "latin1", "binary", "ascii", "hex", "base64", "base64url"];
for (const text of ["", "a", "héllo €\u{1f600}", "\ud800x", "4a4B", "4a4", "4az4", "YWJj", "YW Jj\nZA==", "-_-_", "+/+/", "YQ", "Y", "YQ=b", "YQ==YQ==", "=", "\u0141\u00ff"]) {
  for (const encoding of encodings) row(`Buffer.from(${q(text)}, ${q(encoding)})`);
}
for (const bytes of ["[]", "[104, 105]", "[255, 254, 65, 0]", "[0xe2, 0x82, 0xac, 0xf0, 0x9f]", "[0xff, 0x80, 0x41]", "[0xef, 0xbb, 0xbf, 0x61]"]) {
  for (const encoding of encodings) row(`Buffer.from(${bytes}).toString(${q(encoding)})`);
}
for (const encoding of [...encodings, "utf-16", "", "x"]) row(`[Buffer.isEncoding(${q(encoding)}), Buffer.byteLength("aé€", ${q(encoding)})]`);
for (const value of ["[1, 256, -1, 3.7, '5', NaN, null]", "new Uint16Array([1, 258])", "{ length: 2, 0: 7, 1: 8 }", "{ length: '2', 0: 7 }", "{ length: -1 }", "{ type: 'Buffer', data: [1, 2] }", "new String('ab')", "{ valueOf() { return 'vo'; } }", "{ [Symbol.toPrimitive](hint) { return hint; } }", "{}", "5", "null", "undefined", "true", "Symbol()", "() => {}", "5n", "new Date(0)", "Buffer.from('x')", "new ArrayBuffer(3)", "new DataView(new ArrayBuffer(2))"]) {
  row(`Buffer.from(${value})`);
}
for (const [offset, length] of [["undefined", "undefined"], ["1", "undefined"], ["1", "2"], ["5", "undefined"], ["1", "9"], ["-1", "undefined"], ["NaN", "2"], ["'1'", "'2'"], ["0", "0"], ["0", "-1"], ["1.9", "1"]]) {
  row(`Buffer.from(new Uint8Array([1, 2, 3, 4]).buffer, ${offset}, ${length})`);
}
for (const call of ["Buffer.from('a', 'x')", "Buffer.from('a', 5)", "Buffer.from('a', '')", "Buffer.from('a', null)", "new Buffer(2)", "Buffer(2)", "new Buffer('ab', 'hex')", "Buffer.alloc(3)", "Buffer.alloc(3, 1)", "Buffer.alloc(5, 'ab')", "Buffer.alloc(3, 'YQ', 'base64')", "Buffer.alloc(2, '')", "Buffer.alloc(4, Buffer.from([1, 2, 3]))", "Buffer.alloc('3')", "Buffer.alloc(-1)", "Buffer.alloc(NaN)", "Buffer.alloc(1.5)", "Buffer.alloc(2, 257)", "Buffer.alloc(2, true)", "Buffer.allocUnsafe(2).length", "Buffer.allocUnsafeSlow(2)", "Buffer.alloc(1, 'a', 'x')"]) row(call);
for (const call of ["Buffer.concat([])", "Buffer.concat([Buffer.from('a'), new Uint8Array([98])])", "Buffer.concat([Buffer.from('abc')], 2)", "Buffer.concat([Buffer.from('abc')], 5)", "Buffer.concat('a')", "Buffer.concat(['a'])", "Buffer.concat([Buffer.from('a')], -1)", "Buffer.concat([Buffer.from('a')], 1.5)", "Buffer.concat([Buffer.from('a')], '1')"]) row(call);
for (const call of ["Buffer.isBuffer(Buffer.alloc(0))", "Buffer.isBuffer(new Uint8Array())", "Buffer.isBuffer({})", "Buffer.isBuffer(Object.create(Buffer.prototype))", "Buffer.compare(Buffer.from('a'), Buffer.from('b'))", "Buffer.compare(Buffer.from('b'), Buffer.from('abc'))", "Buffer.compare(Buffer.from('ab'), Buffer.from('abc'))", "Buffer.compare('a', Buffer.from('a'))", "Buffer.byteLength(new ArrayBuffer(3))", "Buffer.byteLength(new Uint16Array(3))", "Buffer.byteLength({})", "Buffer.byteLength('YWJj', 'base64')", "Buffer.byteLength('YW==', 'base64')", "Buffer.byteLength('abc', 'hex')", "Buffer.byteLength('\ud800')", "Buffer.of(1, 2)", "Buffer.poolSize", "Buffer.BYTES_PER_ELEMENT", "Buffer.name", "Buffer.length"]) row(call.replace("\ud800", "\\ud800"));
const b = (call) => row(`(() => { const b = Buffer.from([1, 2, 3, 4, 5, 6, 7, 200]); const r = ${call}; return [r, b]; })()`);
for (const range of ["", "'hex'", "'hex', 2", "'hex', 2, 4", "'hex', -1, 99", "'hex', 4, 2", "'hex', '1', '3'", "'hex', NaN", "'hex', 1.9, 3.9", "undefined, 6", "'x'", "null", "5"]) b(`b.toString(${range})`);
for (const range of ["", "2", "2, 4", "-3", "-3, -1", "4, 2", "99", "'1', '3'", "NaN", "1.9, 3.9", "0, undefined"]) b(`b.slice(${range})`), b(`b.subarray(${range})`);
b("(b.slice(1, 3)[0] = 9)");
b("JSON.stringify(b)");
b("b.toJSON()");
for (const other of ["Buffer.from([1])", "b", "new Uint8Array(b)", "'a'", "undefined"]) b(`b.equals(${other})`), b(`b.compare(${other})`);
for (const range of ["", "1", "1, 3", "1, 3, 0, 2", "0, 8, 4, 4", "4, 4, 0, 2", "-1", "0, 99", "0, 1, 0, 99", "'1'", "1.5", "99"]) b(`b.compare(Buffer.from([2, 3, 4, 5, 6, 7, 8, 9])${range && ", "}${range})`);
for (const range of ["", "2", "2, 6", "2, 6, 8", "0, 0, 99", "9", "0, 9", "-1", "0, -1", "0, 0, -1", "0, 5, 2", "'1', '2'", "NaN", "1.5, 2.5"]) b(`b.copy(b${range && ", "}${range})`), b(`b.copy(new Uint8Array(3)${range && ", "}${range})`);
for (const values of ["0", "257", "-1", "1.5", "'ab'", "'ab', 2", "'ab', 2, 5", "'6162', 'hex'", "'6162', 1, 'hex'", "'6162', 1, 3, 'hex'", "''", "'a', 'x'", "'zz', 'hex'", "1, 9", "1, 2, 9", "1, -1", "1, 4, 2", "1, '2'", "Buffer.from([7, 8])", "new Uint8Array()", "null", "undefined", "true", "{}", "'é', 1, 4"]) b(`b.fill(${values})`);
for (const values of ["'ab'", "'ab', 2", "'ab', 7", "'ab', 8", "'ab', 9", "'ab', -1", "'ab', 1, 1", "'ab', 1, 99", "'6162', 'hex'", "'6162', 2, 'hex'", "'6162', 2, 1, 'hex'", "'€€€'", "'€', 6", "'ab', 5, 3, 'utf16le'", "'ab', undefined, undefined, 'hex'", "5", "'a', '1'", "'a', 'x'", "'a', 1.5", "'aé€', 'latin1'", "'YWJjZGVmZ2hp', 'base64'"]) b(`b.write(${values})`);
for (const method of ["indexOf", "lastIndexOf", "includes"]) {
  for (const values of ["3", "3, 3", "3, -6", "259", "99", "-56", "'\\x03\\x04'", "Buffer.from([3, 4])", "Buffer.from([3, 4]), 2", "Buffer.from([3, 4]), 3", "Buffer.from([3, 4]), -1", "new Uint8Array()", "''", "'', 3", "'', 99", "'', -99", "'0304', 'hex'", "'0304', 1, 'hex'", "'a', 'x'", "null", "{}", "3, NaN", "3, {}", "3, '2'", "1, 0", "200, -1", "200, 99", "3, 2.7"]) b(`b.${method}(${values})`);
}
row(`["indexOf", "lastIndexOf"].map((m) => [0, 1, 2, 3, 5, -1, -3].map((at) => Buffer.from("aabaab", "utf16le")[m]("ab", at, "utf16le")))`);
for (const swap of ["swap16", "swap32", "swap64"]) b(`b.${swap}()`), row(`Buffer.alloc(3).${swap}()`);
for (const name of ["UInt8", "Int8", "UInt16LE", "UInt16BE", "Int16LE", "Int16BE", "UInt32LE", "UInt32BE", "Int32LE", "Int32BE", "FloatLE", "FloatBE", "DoubleLE", "DoubleBE", "BigUInt64LE", "BigInt64BE", "BigInt64LE", "BigUInt64BE"]) {
  for (const at of ["", "0", "4", "7", "8", "-1", "1.5", "'0'", "NaN", "undefined", "null"]) b(`b.read${name}(${at})`);
  const values = name.startsWith("Big") ? ["1n", "-1n", "2n ** 63n", "2n ** 64n", "1", "'1'"] : ["1", "-1", "200", "40000", "3e9", "2 ** 40", "1.9", "-1.9", "NaN", "'7'", "Infinity", "undefined", "1n", "{}"];
  for (const value of values) b(`b.write${name}(${value})`);
  for (const at of ["0", "4", "8", "-1", "1.5", "'0'"]) b(`b.write${name}(${values[0]}, ${at})`);
}
for (const name of ["UIntLE", "UIntBE", "IntLE", "IntBE"]) {
  for (const at of ["0, 3", "1, 6", "2, 6", "3, 6", "0, 7", "0, 0", "0", "", "0, '2'", "0, 1.5", "7, 1", "8, 1"]) b(`b.read${name}(${at})`);
  for (const at of ["1, 0, 3", "-1, 0, 3", "2 ** 24, 0, 3", "2 ** 47 - 1, 1, 6", "-(2 ** 47), 1, 6", "1, 0", "1", "1, 5, 4", "1, 0, 7"]) b(`b.write${name}(${at})`);
}
row("(() => { const b = Buffer.from([1, 2, 3]); return [b.map((x) => x * 2), b.filter((x) => x > 1), b.constructor === Buffer, b instanceof Uint8Array, Object.prototype.toString.call(b), [...b.keys()], [...b.entries()]]; })()");
row("[Buffer.prototype.readUint8 === Buffer.prototype.readUInt8, Buffer.prototype.writeBigUint64LE === Buffer.prototype.writeBigUInt64LE]");
row("(() => { try { Buffer.alloc(1).readInt32LE(0); } catch (error) { return [error.name, error.code]; } })()");
row("(() => { try { Buffer.from(5); } catch (error) { return [error.name, error.code]; } })()");
row("(() => { try { Buffer.alloc(1).toString('x'); } catch (error) { return [error.name, error.code]; } })()");
row("Buffer.prototype.toString.call({})");
row("structuredClone(Buffer.from('a')) instanceof Uint8Array");
row("new TextDecoder().decode(Buffer.from('é'))");
row("btoa(Buffer.from('hi').toString('latin1'))");
row('new URL("file://host/C:/x").href');

// HMAC
const key = "await crypto.subtle.importKey('raw', Uint8Array.of(1, 2, 3), { name: 'HMAC', hash: 'SHA-256' }, true, ['sign', 'verify'])";
const keyParts = "[k.type, k.extractable, k.algorithm, k.usages, Object.prototype.toString.call(k)]";
for (const args of ["'raw', Uint8Array.of(1, 2, 3), { name: 'hmac', hash: 'sha-1' }, false, ['verify', 'sign', 'sign']", "'raw', new ArrayBuffer(200), { name: 'HMAC', hash: { name: 'SHA-512' } }, 1, ['sign']", "'raw', new Uint8Array(), { name: 'HMAC', hash: 'SHA-256' }, true, ['sign']", "'raw', Uint8Array.of(1), { name: 'HMAC', hash: 'SHA-256' }, true, []", "'raw', Uint8Array.of(1), { name: 'HMAC', hash: 'SHA-256' }, true, ['encrypt']", "'raw', Uint8Array.of(1), { name: 'HMAC', hash: 'SHA-256' }, true, ['x']", "'raw', Uint8Array.of(1), { name: 'HMAC', hash: 'SHA-256', length: 8 }, true, ['sign']", "'raw', Uint8Array.of(1), { name: 'HMAC', hash: 'SHA-256', length: 16 }, true, ['sign']", "'raw', Uint8Array.of(1), { name: 'HMAC', hash: 'MD5' }, true, ['sign']", "'raw', Uint8Array.of(1), 'HMAC', true, ['sign']", "'raw', Uint8Array.of(1), { name: 'Nope' }, true, ['sign']", "'raw', 'abc', { name: 'HMAC', hash: 'SHA-256' }, true, ['sign']", "'jwk', { kty: 'oct', k: 'AQID' }, { name: 'HMAC', hash: 'SHA-384' }, true, ['sign']", "'jwk', { kty: 'oct', k: 'AQID', alg: 'HS256' }, { name: 'HMAC', hash: 'SHA-384' }, true, ['sign']", "'jwk', { kty: 'RSA', k: 'AQID' }, { name: 'HMAC', hash: 'SHA-384' }, true, ['sign']", "'jwk', { kty: 'oct', k: 'AQID', ext: false }, { name: 'HMAC', hash: 'SHA-384' }, true, ['sign']", "'jwk', { kty: 'oct', k: 'AQID', ext: false }, { name: 'HMAC', hash: 'SHA-384' }, false, ['sign']", "'jwk', 'AQID', { name: 'HMAC', hash: 'SHA-384' }, false, ['sign']", "'nope', Uint8Array.of(1), { name: 'HMAC', hash: 'SHA-256' }, true, ['sign']", "'raw'"]) row(`(async () => { const k = await crypto.subtle.importKey(${args}); return ${keyParts}; })()`);
for (const hash of ["SHA-1", "SHA-256", "SHA-384", "SHA-512"]) {
  row(`(async () => { const k = await crypto.subtle.importKey('raw', new TextEncoder().encode('key'), { name: 'HMAC', hash: '${hash}' }, false, ['sign', 'verify']); const data = new TextEncoder().encode('The quick brown fox'); const s = await crypto.subtle.sign('HMAC', k, data); const other = new Uint8Array(s.slice(0)); other[0] ^= 1; return [s, await crypto.subtle.verify('HMAC', k, s, data), await crypto.subtle.verify('HMAC', k, other, data), await crypto.subtle.verify('HMAC', k, s.slice(1), data), await crypto.subtle.verify('HMAC', k, s, data.subarray(1))]; })()`);
  row(`(async () => { const k = await crypto.subtle.importKey('raw', new Uint8Array(300), { name: 'HMAC', hash: '${hash}' }, true, ['sign']); return [await crypto.subtle.exportKey('jwk', k), await crypto.subtle.exportKey('raw', k), await crypto.subtle.sign({ name: 'HMAC' }, k, new Uint8Array())]; })()`);
  row(`(async () => { const k = await crypto.subtle.generateKey({ name: 'HMAC', hash: '${hash}' }, true, ['verify']); return [k.algorithm.hash.name, k.algorithm.length, k.usages, (await crypto.subtle.exportKey('raw', k)).byteLength]; })()`);
}
for (const call of ["sign('HMAC', k)", "sign('HMAC', {}, new Uint8Array())", "sign('AES-GCM', k, new Uint8Array())", "sign('HMAC', k, 'text')", "exportKey('raw', k)", "exportKey('spki', k)", "verify('HMAC', k, 'text', new Uint8Array())"]) row(`(async () => { const k = ${key}; return crypto.subtle.${call}; })()`);
row("(async () => { const k = await crypto.subtle.importKey('raw', Uint8Array.of(1), { name: 'HMAC', hash: 'SHA-1' }, false, ['sign']); return crypto.subtle.exportKey('raw', k); })()");
row("(async () => { const k = await crypto.subtle.importKey('raw', Uint8Array.of(1), { name: 'HMAC', hash: 'SHA-1' }, false, ['verify']); return crypto.subtle.sign('HMAC', k, Uint8Array.of(1)); })()");
row("(async () => { const u = Uint8Array.of(1); const k = await crypto.subtle.importKey('raw', u, { name: 'HMAC', hash: 'SHA-1' }, true, ['sign']); u[0] = 9; new Uint8Array(await crypto.subtle.exportKey('raw', k))[0] = 7; return crypto.subtle.exportKey('raw', k); })()");
row("crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256', length: 0 }, true, ['sign'])");
row("crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, true, [])");
row("new CryptoKey()");

// Headers
for (const init of ["", "undefined", "null", "5", "'ab'", "{}", "[]", "{ a: 1, B: ' x ' }", "[['b', '2'], ['a', '1'], ['B', '3']]", "[['a']]", "[['a', 'b', 'c']]", "['ab']", "[5]", "new Map([['x', 'y']])", "new Headers({ q: 'r' })", "{ 'a b': 1 }", "{ '': 1 }", "{ a: 'x\\ny' }", "{ a: '\\n x \\t' }", "{ a: 'x\\0' }", "{ a: '\u00e9' }", "{ a: '\u0100' }", "{ '\u00e9': 1 }", "{ 'set-cookie': 'a=1' }", "[['set-cookie', 'a=1'], ['x', '1'], ['Set-Cookie', 'b=2'], ['x', '2']]", "Symbol()", "() => {}", "{ [Symbol.iterator]: 5 }", "{ a: undefined, b: null }"]) {
  row(`[...new Headers(${init})]`);
}
const h = (call) => row(`(() => { const h = new Headers([['b', '2'], ['A', '1'], ['b', '3'], ['set-cookie', 'x'], ['set-cookie', 'y']]); const r = ${call}; return [r, [...h]]; })()`);
for (const call of ["h.get('B')", "h.get('c')", "h.get('set-cookie')", "h.getSetCookie()", "h.has('a')", "h.has('z')", "h.append('a', '9')", "h.append('c', ' d ')", "h.set('B', '9')", "h.set('z', '9')", "h.delete('b')", "h.delete('z')", "h.delete('set-cookie')", "h.get('')", "h.get('a b')", "h.append('a', 'x\\r\\ny')", "h.append('a')", "h.set('a')", "h.get()", "h.has()", "h.delete()", "[...h.keys()]", "[...h.values()]", "[...h.entries()]", "Object.prototype.toString.call(h)", "Object.prototype.toString.call(h.keys())", "typeof h[Symbol.iterator]", "h.forEach()"]) h(call);
h("(() => { const seen = []; h.forEach(function (v, k, all) { seen.push(k, v, all === h, this.t); }, { t: 5 }); return seen; })()");
h("(() => { const i = h.entries(); i.next(); h.append('zz', '1'); return [...i]; })()");
row("Headers()");
row("Headers.prototype.get.call({}, 'a')");

// Blob, File
for (const args of ["", "[]", "['abc']", "['a', new Uint8Array([98, 99]), new Blob(['d'])]", "[new Uint16Array([0x6161]).buffer]", "[new DataView(new ArrayBuffer(3), 1)]", "['é', '\\ud800']", "[1, null, {}]", "'abc'", "5", "null", "{}", "new Set(['x', 'y'])", "['a'], { type: 'Text/Plain' }", "['a'], { type: 'é' }", "['a'], { type: null }", "['a'], null", "['a'], 5", "['a\\r\\nb\\rc\\n'], { endings: 'native' }", "['a\\r\\n'], { endings: 'transparent' }", "['a'], { endings: 'x' }"]) {
  row(`(async () => { const b = new Blob(${args}); return [b.size, b.type, await b.text(), await b.arrayBuffer()]; })()`);
}
for (const range of ["", "1", "1, 3", "-2", "-2, -1", "3, 1", "99", "undefined, 2", "0, 2, 'X/Y'", "-99"]) row(`(async () => { const b = new Blob(['abcde'], { type: 'q/r' }).slice(${range}); return [b.size, b.type, await b.text()]; })()`);
row("Blob([])");
row("Object.prototype.toString.call(new Blob())");
row("(async () => new Uint8Array(await new Blob(['ab']).bytes()))()");
row("(async () => { const u = new Uint8Array([1]); const b = new Blob([u]); u[0] = 9; const first = new Uint8Array(await b.arrayBuffer()); first[0] = 7; return new Uint8Array(await b.arrayBuffer()); })()");
for (const args of ["", "['a']", "['a'], 'n.txt'", "['a'], 'n', { type: 'T/x', lastModified: 5 }", "['a'], 5, { lastModified: '7.9' }", "[], 'a\\ud800'", "'a', 'n'", "['a'], 'n', { lastModified: NaN }"]) row(`(async () => { const f = new File(${args}); return [f.name, f.size, f.type, await f.text(), f.lastModified < 1e9 && f.lastModified, f instanceof Blob, Object.prototype.toString.call(f)]; })()`);

// FormData
const f = (call) => row(`(async () => { const f = new FormData(); f.append('a', '1'); f.append('b', new Blob(['x'], { type: 'q/r' })); f.append('a', 2); const r = ${call}; return [r, [...f].map(([k, v]) => typeof v === 'string' ? [k, v] : [k, v.name, v.type, v.size])]; })()`);
for (const call of ["f.get('a')", "f.get('z')", "f.getAll('a')", "f.has('b')", "f.has('z')", "f.delete('a')", "f.set('a', 'n')", "f.set('c', 'n')", "f.append('a', new Blob(['y']), 'name')", "f.append('a', new File(['y'], 'own', { type: 't' }))", "f.append('a', new File(['y'], 'own'), 'other')", "f.append('a', 'b', 'c')", "f.append('a')", "f.append()", "f.get()", "f.has()", "f.delete()", "f.set('a')", "f.append('a\\ud800', '\\ud800')", "[...f.keys()]", "f.get('b') instanceof File", "await f.get('b').text()", "Object.prototype.toString.call(f)", "Object.prototype.toString.call(f.keys())"]) f(call);
row("new FormData({})");
row("new FormData(undefined)");
row("new FormData(null)");
f("(() => { const seen = []; f.forEach(function (v, k, all) { seen.push(k, typeof v, all === f, this.t); }, { t: 5 }); return seen; })()");

// Request
const requestParts = ["method", "url", "redirect", "cache", "credentials", "mode", "referrer", "referrerPolicy", "integrity", "keepalive", "destination", "duplex", "bodyUsed"];
const showRequest = `[${requestParts.map((part) => `r.${part}`)}, [...r.headers], r.signal instanceof AbortSignal, r.signal.aborted, await r.text()]`;
for (const args of ["'http://x/a?b#c'", "'HTTP://X'", "'/a'", "''", "'http://u@x/'", "'http://u:p@x/'", "new URL('http://x/u')", "5", "", "'http://x', { method: 'post', body: 'b' }", "'http://x', { method: 'patch' }", "'http://x', { method: 'x-own' }", "'http://x', { method: 'a b' }", "'http://x', { method: 'CONNECT' }", "'http://x', { method: 'trace' }", "'http://x', { method: 'TRACK' }", "'http://x', { body: 'b' }", "'http://x', { method: 'HEAD', body: '' }", "'http://x', { body: null }", "'http://x', { headers: { A: 'b' } }", "'http://x', { method: 'PUT', headers: { 'Content-Type': 'q' }, body: 'b' }", "'http://x', { method: 'PUT', body: new URLSearchParams('a=1&b=é') }", "'http://x', { method: 'PUT', body: new Blob(['é'], { type: 'Q/r' }) }", "'http://x', { method: 'PUT', body: new Blob(['é']) }", "'http://x', { method: 'PUT', body: new Uint8Array([97, 98]) }", "'http://x', { method: 'PUT', body: new Uint8Array([97, 98]).buffer }", "'http://x', { method: 'PUT', body: {} }", "'http://x', { method: 'PUT', body: 5 }", "'http://x', { method: 'PUT', body: [1, 2] }", "'http://x', { redirect: 'manual' }", "'http://x', { redirect: 'x' }", "'http://x', { cache: 'no-store', credentials: 'omit', mode: 'same-origin' }", "'http://x', { mode: 'x' }", "'http://x', { signal: AbortSignal.abort() }", "'http://x', { signal: null }", "'http://x', { signal: {} }", "'http://x', null", "'http://x', 5", "new Request('http://x', { method: 'PUT', body: 'b', headers: { a: 'c' } })", "new Request('http://x', { method: 'PUT', body: 'b' }), { method: 'GET' }", "new Request('http://x', { method: 'PUT', body: 'b' }), { body: 'c' }", "new Request('http://x', { headers: { a: 'b' } }), { headers: { c: 'd' } }", "'http://x', { headers: [['a']] }"]) {
  row(`(async () => { const r = new Request(${args}); return ${showRequest}; })()`);
}
row("(async () => { const a = new Request('http://x', { method: 'PUT', body: 'b' }); const c = a.clone(); return [await a.text(), a.bodyUsed, await c.text(), c.method, c.bodyUsed]; })()");
row("(async () => { const a = new Request('http://x', { method: 'PUT', body: 'b' }); await a.text(); return a.clone(); })()");
row("(async () => { const a = new Request('http://x', { method: 'PUT', body: 'b' }); await a.text(); return new Request(a); })()");
row("(async () => { const a = new Request('http://x', { method: 'PUT', body: 'b' }); new Request(a); return a.bodyUsed; })()");
row("(() => { const c = new AbortController(); const r = new Request('http://x', { signal: c.signal }); c.abort('why'); return [r.signal.aborted, r.signal.reason, r.signal === c.signal, r.signal === r.signal]; })()");
row("(() => { const c = new AbortController(); const r = new Request(new Request('http://x', { signal: c.signal })); c.abort('why'); return [r.signal.aborted, r.signal.reason]; })()");
row("(() => { const c = new AbortController(); const r = new Request('http://x', { signal: c.signal }).clone(); c.abort('why'); return r.signal.reason; })()");
row("Request('http://x')");
row("Object.prototype.toString.call(new Request('http://x'))");
row("(async () => { const r = new Request('http://x', { method: 'PUT', body: new FormData() }); return /^multipart\\/form-data; boundary=/.test(r.headers.get('content-type')); })()");
row("(async () => { const f = new FormData(); f.append('a\"', 'x\\ny'); f.append('f', new Blob(['z'], { type: 'q/r' }), 'n\"'); const r = new Response(f); const b = r.headers.get('content-type').split('boundary=')[1]; return (await r.text()).trim().split(b).map((part) => part.split('\\r\\n')); })()");

// Response
const showResponse = "[r.type, r.url, r.redirected, r.status, r.ok, r.statusText, [...r.headers], r.bodyUsed, await r.text(), r.bodyUsed]";
for (const args of ["", "null", "undefined", "'é'", "5", "{}", "new Uint8Array([97])", "new URLSearchParams('a=b')", "new Blob(['c'], { type: 'x/y' })", "'', { status: 404, statusText: 'Nope' }", "'a', { status: 204 }", "null, { status: 204 }", "null, { status: 101 }", "null, { status: 199 }", "null, { status: 600 }", "null, { status: '201' }", "null, { status: NaN }", "null, { status: 299.9 }", "null, { statusText: 'a\\n' }", "null, { statusText: 'é' }", "null, { statusText: '\u0100' }", "'a', { headers: { A: 'b', 'content-type': 'q' } }", "'a', null", "'a', 5", "'a', { headers: [['a']] }", "'\\ufeffa'"]) {
  row(`(async () => { const r = new Response(${args}); return ${showResponse}; })()`);
}
for (const call of ["Response.error()", "Response.redirect('http://x/a', 301)", "Response.redirect('http://x/a')", "Response.redirect('http://x/a', 200)", "Response.redirect('nope')", "Response.redirect()", "Response.json({ a: [1] })", "Response.json('s', { status: 201, headers: { 'content-type': 'own' } })", "Response.json(undefined)", "Response.json(() => {})", "Response.json(Symbol())", "Response.json()", "Response.json({ toJSON() { return 5; } })", "Response.json(5n)", "Response.json({}, { status: 204 })"]) row(`(async () => { const r = ${call}; return ${showResponse}; })()`);
for (const body of ["'{\"a\": [1, null]}'", "''", "'{'", "null", "'\\ufeff[1]'", "new Uint8Array([0x22, 0xff, 0x22])"]) row(`new Response(${body}).json()`);
for (const call of ["arrayBuffer", "bytes", "text"]) row(`(async () => { const r = new Response('ab'); const first = await r.${call}(); let second; try { await r.${call}(); } catch (error) { second = error.name; } return [first, second]; })()`);
row("(async () => { const r = new Response('ab', { headers: { 'content-type': 'Q/r; x=Y' } }); const b = await r.blob(); return [b.size, b.type]; })()");
row("(async () => { const b = await new Response('ab').blob(); return [b.size, b.type, b instanceof Blob]; })()");
row("(async () => { const b = await new Response(new Uint8Array(2)).blob(); return [b.size, b.type]; })()");
row("(async () => [...await new Response(new URLSearchParams('a=1&b=%C3%A9&a=2')).formData()])()");
row("(async () => [...await new Response('a=1').formData()])()");
row("(async () => { const r = new Response('ab'); const c = r.clone(); return [await r.text(), await c.text(), r.bodyUsed]; })()");
row("(async () => { const r = new Response('ab'); await r.text(); return r.clone(); })()");
row("(async () => { const r = new Response(null); await r.text(); return [r.bodyUsed, await r.text()]; })()");
row("(async () => { const r = new Response(''); await r.text(); return r.bodyUsed; })()");
row("Response.redirect('http://x/').headers.append('a', 'b')");
row("Response.error().headers.set('a', 'b')");
row("(() => { const h = new Headers({ a: 'b' }); const r = new Response('', { headers: h }); h.set('a', 'c'); return r.headers.get('a'); })()");
row("Response()");
row("Object.prototype.toString.call(new Response())");
row("Response.prototype.text.call({})");
row("(() => { try { return Response.prototype.bodyUsed; } catch (error) { return error.name; } })()");
row("[Headers.name, Request.name, Response.name, Blob.name, File.name, FormData.name, MessageChannel.name]");

// Messages
row("(async () => { const { port1, port2 } = new MessageChannel(); const got = new Promise((r) => { port1.onmessage = (e) => r([e.type, e.data, e.ports, e.origin, e.lastEventId, e instanceof MessageEvent, e.isTrusted, e.target === port1]); }); port2.postMessage({ a: [1, new Map([[1, 2]])] }); const all = await got; port1.close(); return all; })()");
row("(async () => { const { port1, port2 } = new MessageChannel(); const seen = []; const over = new Promise((r) => { port2.onmessage = (e) => { seen.push(e.data); if (e.data === 3) r(); }; }); port1.postMessage(1); port1.postMessage(2); port1.postMessage(3); seen.push('sync'); await over; port1.close(); return seen; })()");
row("(async () => { const { port1, port2 } = new MessageChannel(); const seen = []; port1.postMessage(1); port1.postMessage(2); const over = new Promise((r) => { port2.addEventListener('message', (e) => { seen.push(e.data); if (e.data === 2) r(); }); }); port2.start(); await over; port1.close(); return seen; })()");
row("(() => { const { port1 } = new MessageChannel(); try { port1.postMessage(() => {}); } catch (error) { return [error.name, error.code]; } finally { port1.close(); } })()");
row("(async () => { const { port1, port2 } = new MessageChannel(); const b = new ArrayBuffer(2); const got = new Promise((r) => { port2.onmessage = (e) => r(e.data.byteLength); }); port1.postMessage(b, [b]); const all = [b.byteLength, await got]; port1.close(); return all; })()");
row("(async () => { const { port1, port2 } = new MessageChannel(); const b = new ArrayBuffer(2); const got = new Promise((r) => { port2.onmessage = (e) => r(e.data.byteLength); }); port1.postMessage(b, { transfer: [b] }); const all = [b.byteLength, await got]; port1.close(); return all; })()");
row("new MessagePort()");
row("MessageChannel()");
row("(() => { const e = new MessageEvent('m', { data: 5, origin: 'o', lastEventId: 'i', bubbles: true }); return [e.type, e.data, e.origin, e.lastEventId, e.bubbles, e.source, e.ports]; })()");
row("(() => { const e = new MessageEvent('m'); return [e.data, e.origin, e.lastEventId]; })()");
row("(() => { const { port1 } = new MessageChannel(); try { port1.postMessage(); } catch (error) { return error.name; } finally { port1.close(); } })()");
row("(() => { const c = new MessageChannel(); const r = [c.port1 === c.port1, c.port1 instanceof MessagePort, c.port1 instanceof EventTarget, Object.prototype.toString.call(c), Object.prototype.toString.call(c.port1), c.port1.onmessage]; c.port1.close(); return r; })()");

const line = async (expression) => {
  const shown = await show(new Function(`globalThis.self ??= globalThis; return ${expression};`));
  return `${expression}\t${shown}`;
};
const isPlain = (text) => !/[\n\t\r\u2028\u2029]/.test(text.replace(/\t/, ""));
const all = [];
for (const expression of new Set(rows)) all.push(await line(expression));
const bad = all.filter((text) => !isPlain(text));
if (bad.length > 0) throw new Error(bad.join("\n"));
process.stdout.write(`${all.join("\n")}\n`);
