//# text: code units and code points
const s = "a😀é"; return [s.length, [...s].length, s.at(-1), s.charAt(1), s.charCodeAt(1), s.codePointAt(1), String.fromCodePoint(128512, 97), String.fromCharCode(0xd83d, 0xde00), s[9], s.at(9)];
//# text: a bad code point!
String.fromCodePoint(-1);
//# text: normalize
return ["NFC", "NFD", "NFKC", "NFKD"].map((f) => "é①ﬁ".normalize(f).length).concat("e\u0301".normalize() === "é");
//# text: normalize to nothing known!
"a".normalize("NFX");
//# text: isWellFormed and toWellFormed
return ["a\ud800b".isWellFormed(), "a\ud800b".toWellFormed(), "😀".isWellFormed()];
//# text: replace and replaceAll
return ["aXbX".replace("X", "$&$&"), "aXbX".replaceAll("X", (m, i) => m + i), "aXb".replace("X", "$`|$'|$$|$1"), "a.b.c".replaceAll(".", ""), "abc".replaceAll("", "-")];
//# text: replaceAll of a pattern without g!
"a".replaceAll(/a/, "b");
//# text: slicing
const s = "abcdef"; return [s.slice(-3, -1), s.substring(4, 1), s.substr(-3, 2), s.slice(4, 1), s.split("", 3), s.split("c"), "a,b,".split(","), "".split(""), "ab".split()];
//# text: padding, trimming and repeating
return ["7".padStart(3, "0"), "7".padEnd(3, "ab"), "\u00a0 a \ufeff".trim(), " a ".trimStart(), " a ".trimEnd(), "ab".repeat(3), "x".repeat(0)];
//# text: repeat too often!
"x".repeat(Infinity);
//# text: searching
return ["abc".includes("b", 2), "abc".startsWith("b", 1), "abc".endsWith("b", 2), "abcabc".indexOf("c", 3), "abcabc".lastIndexOf("a"), "abc".search(/c/)];
//# text: case
return ["İIıß".toLowerCase(), "ßﬁΣ".toUpperCase(), "ΑΣ".toLowerCase(), "I".toLocaleLowerCase("tr"), "i".toLocaleUpperCase("tr")];
//# text: localeCompare
return ["a".localeCompare("b"), "ä".localeCompare("z", "de"), "ä".localeCompare("z", "sv"), "a".localeCompare("A", "en", { sensitivity: "base" }), "2".localeCompare("10", undefined, { numeric: true })];
//# text: concat, raw and iteration
return ["a".concat(1, null, [2]), [..."e\u0301x"], "ab"[Symbol.iterator]().next(), Object.entries("ab")];
//# text: strings are constant!
"use strict"; "abc"[0] = "x";
//# text: own properties of strings
return [Object.getOwnPropertyNames("ab"), Object.getOwnPropertyDescriptor("ab", 0), "length" in Object("a"), Reflect.ownKeys(Object("a"))];
//# text: HTML methods
return ["a".anchor('"'), "b".bold(), "c".link("u"), "d".sub()];
//# text: methods are generic
return [String.prototype.toUpperCase.call(true), String.prototype.at.call(12345, -1), String.prototype.trim.call([" a "])];
//# text: methods of null!
String.prototype.trim.call(null);
//# text: escape, encodeURI and their opposites
return [escape("ä €+/"), unescape("%u20AC%E4"), encodeURI("a b?ä#&"), encodeURIComponent("a b?ä#&"), decodeURI("%2F%C3%A4"), decodeURIComponent("%2F%F0%9F%98%80")];
//# text: a lone surrogate in a URI!
encodeURIComponent("\ud800");
//# text: a malformed URI!
decodeURIComponent("%C3%28");
//# text: comparison is by code units
return ["a" < "B", "😀" < "\uffff", "10" < "9", ["b", "a", "C"].sort(), "\u{10000}" > "\uffff"];
//# text: long strings are ropes
let s = ""; for (let i = 0; i < 10000; i++) s += i; return [s.length, s.slice(-5), s.indexOf("9999")];
//# text: a Caesar cipher and a word count
const rot = (s) => s.replace(/[a-z]/gi, (c) => String.fromCharCode((c <= "Z" ? 90 : 122) >= (c = c.charCodeAt(0) + 13) ? c : c - 26)); const count = (s) => s.match(/\w+/g).reduce((m, w) => (m[w] = (m[w] || 0) + 1, m), {}); return [rot("Hello"), rot(rot("Hello")), count("a b a")];
//# regexp: groups by number and name
const m = /(?<y>\d{4})-(?<m>\d\d)(-x)?/.exec("on 2020-05"); return [m, m.groups, m.index, "2020-05".replace(/(?<a>\d+)-(?<b>\d+)/, "$<b>/$<a>")];
//# regexp: duplicate names in alternatives
return /(?<y>\d{4})-|-(?<y>\d\d)/.exec("-99").groups;
//# regexp: lookahead and lookbehind
return ["$10 €20".match(/(?<=\$)\d+/)[0], "a1b2".match(/[a-z](?=2)/)[0], "ab ac".match(/a(?!b)./)[0], "xa ya".match(/(?<!x)a/).index, "1234567".replace(/\B(?=(\d{3})+$)/g, ",")];
//# regexp: sticky and global state
const r = /a/y, g = /a/g; return [r.test("ba"), (r.lastIndex = 1, r.test("ba")), r.lastIndex, g.test("aa"), g.lastIndex, g.exec("aa").index, g.exec("aa"), g.lastIndex];
//# regexp: indices
const m = /a(?<x>b)?/d.exec("zab"); return [m.indices, m.indices.groups];
//# regexp: dotAll, multiline and case
return [/a.b/s.test("a\nb"), "a\nb".match(/^b$/m).index, /É/i.test("é"), /\u{1F600}/u.test("😀"), /^.$/u.test("😀"), /^.$/.test("😀")];
//# regexp: Unicode properties
return ["aЯ1字".match(/\p{Script=Cyrillic}/u)[0], /\p{Lu}/u.test("Ä"), /\P{L}/u.exec("a1")[0], /\p{Emoji}/u.test("😀"), /[\p{L}--[a-z]]/v.test("a"), /^\p{RGI_Emoji_Flag_Sequence}$/v.test("🇩🇪")];
//# regexp: sets
return ["a1b2".match(/[\w--\d]/gv), "abc".match(/[[a-z]&&[bc]]/gv), /^[\q{abc|d}]$/v.test("abc")];
//# regexp: modifiers
return [/(?i:a)b/.test("Ab"), /(?i:a)b/.test("AB"), /a(?-i:b)/i.test("AB"), /^(?s:.)$/.test("\n")];
//# regexp: matchAll and split
return [[..."a1b22".matchAll(/[a-z](\d+)/g)].map((m) => [m[1], m.index]), "a1b2c".split(/\d/), "a1b2c".split(/(\d)/), "abc".split(/(?:)/u)];
//# regexp: matchAll without g!
"a".matchAll(/a/);
//# regexp: backreferences
return [/(a)\1/.test("aa"), /(?<q>['"]).*?\k<q>/.exec(`x "it's" y`)[0], /\1(a)/.exec("a")[0]];
//# regexp: flags, source and text
const r = new RegExp("a/b\n", "dgimsuy"); return [r.flags, r.source, String(r), RegExp("").source, new RegExp(/x/g, "i").flags, RegExp(r) === r, Object.keys(r), r.lastIndex];
//# regexp: RegExp.escape
return typeof RegExp.escape === "function" ? [RegExp.escape("a.b*c"), new RegExp(RegExp.escape("(1+1)")).test("(1+1)")] : "none";
//# regexp: a bad pattern!
new RegExp("(");
//# regexp: a bad flag!
new RegExp("a", "z");
//# regexp: an invalid escape with u!
new RegExp("\\-", "u");
//# regexp: legacy statics
/(b)(c)/.exec("abcd"); return [RegExp.$1, RegExp.$2, RegExp.lastMatch, RegExp["$`"], RegExp["$'"], RegExp.input];
//# regexp: replacement functions with groups
return "a1".replace(/(?<l>[a-z])(\d)/, (...a) => JSON.stringify(a));
//# regexp: exec of one's own
const r = /a/; r.exec = () => ({ index: 0, 0: "mine" }); return [r.test("x"), "xyz".replace(r, "_"), r[Symbol.match]("q")];
//# regexp: prototype accessors
return [RegExp.prototype.source, RegExp.prototype.flags, RegExp.prototype.global, Object.getOwnPropertyDescriptor(RegExp.prototype, "flags").set, String(RegExp.prototype)];
//# regexp: source of another kind!
Object.getOwnPropertyDescriptor(RegExp.prototype, "source").get.call({});
//# regexp: a tokenizer
const re = /\s*(?:(?<num>\d+(?:\.\d+)?)|(?<id>[a-z]\w*)|(?<op>[-+*\/()]))/gy; const out = []; let m; while ((m = re.exec("3 + x1*(2.5)"))) out.push(Object.entries(m.groups).find(([, v]) => v)); return out;
//# regexp: lookbehind reads backwards
return [/(?<=(\d+)(\d+))$/.exec("1053").slice(), /(?<=\1(a))b/.exec("aab")];
//# regexp: quantifiers, greedy and lazy
return ["aaa".match(/a{2}/)[0], "aaa".match(/a{1,}?/)[0], "<a><b>".match(/<.+>/)[0], "<a><b>".match(/<.+?>/)[0], "x{".match(/x{/)[0], /a{,2}/.test("a{,2}")];
