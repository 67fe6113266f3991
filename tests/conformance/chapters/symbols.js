//# symbols: identity, registry and description
return [Symbol("a") === Symbol("a"), Symbol.for("a") === Symbol.for("a"), Symbol.keyFor(Symbol.for("k")), Symbol.keyFor(Symbol.iterator), Symbol("d").description, Symbol().description, Symbol("x").toString()];
//# symbols: new!
new Symbol();
//# symbols: well-known
return Object.getOwnPropertyNames(Symbol).filter((k) => typeof Symbol[k] === "symbol").sort();
//# symbols: toStringTag
class A { get [Symbol.toStringTag]() { return "Mine"; } } return [String(new A()), [[], {}, null, undefined, 1, "", () => 1, new Map(), Promise.resolve(), function* () {}(), JSON, Math, globalThis, new Date(0), /a/, Symbol(), 1n].map((v) => Object.prototype.toString.call(v))];
//# symbols: isConcatSpreadable
const o = { length: 2, 0: "a", 1: "b", [Symbol.isConcatSpreadable]: true }; const a = [1, 2]; a[Symbol.isConcatSpreadable] = false; return [[0].concat(o, a).length, [].concat(o)];
//# symbols: match, replace, search and split
const o = { [Symbol.match]: () => "m", [Symbol.replace]: (s, r) => s + r, [Symbol.search]: () => 7, [Symbol.split]: (s) => [s, "split"], [Symbol.matchAll]: () => [1], flags: "g" }; return ["x".match(o), "x".replace(o, "y"), "x".search(o), "x".split(o), "x".matchAll(o)];
//# symbols: match decides what is a regular expression
const r = /a/; r[Symbol.match] = false; return ["/a/".includes(r), "/a/".startsWith(r)];
//# symbols: a regular expression to includes!
"abc".includes(/a/);
//# symbols: as keys
const s = Symbol("s"); const o = { [s]: 1, a: 2 }; return [Object.keys(o), Object.getOwnPropertySymbols(o), JSON.stringify(o), Reflect.ownKeys(o), Object.entries(o), s in o];
//# symbols: wrapped
const s = Symbol("w"); return [Object(s) == s, typeof Object(s), Object(s).description, { [Object(s)]: 1 }];
//# symbols: in WeakMaps
const s = Symbol("weak"); const m = new WeakMap([[s, 1]]); return [m.get(s), new WeakSet([s]).has(s), new WeakRef(s).deref() === s];
//# symbols: registered ones in WeakMaps!
new WeakMap([[Symbol.for("r"), 1]]);
//# symbols: unscopables of arrays
return Object.keys(Array.prototype[Symbol.unscopables]).sort();
//# symbols: the attributes of well-known ones
return Object.getOwnPropertyDescriptor(Symbol, "iterator");
//# iterators: helpers
return [[1, 2, 3, 4].values().filter((x) => x % 2).map((x) => x * 10).toArray(), Iterator.from("abc").take(2).toArray(), [1, 2, 3].values().drop(1).toArray(), [[1], [2, 3]].values().flatMap((x) => x).toArray()];
//# iterators: reduce, some, every, find and forEach
const log = []; [1, 2].values().forEach((x, i) => log.push([x, i])); return [[1, 2, 3].values().reduce((a, b) => a + b), [1, 2].values().some((x) => x > 1), [1, 2].values().every((x) => x > 1), [1, 2].values().find((x) => x > 1), log];
//# iterators: helpers are lazy and close
const log = []; function* g() { try { for (let i = 0; ; i++) { log.push(i); yield i; } } finally { log.push("closed"); } } return [g().map((x) => x * 2).take(2).toArray(), log];
//# iterators: a class of one's own
class Count extends Iterator { #n = 0; next() { return this.#n < 3 ? { value: this.#n++, done: false } : { done: true }; } } return [[...new Count()], new Count().map((x) => x + 1).toArray(), new Count() instanceof Iterator];
//# iterators: Iterator is abstract!
new Iterator();
//# iterators: from wraps
const w = Iterator.from({ next() { return { value: 1, done: true }; } }); return [w instanceof Iterator, w.next(), Object.prototype.toString.call(w)];
//# iterators: limits!
[].values().take(-1);
//# iterators: of a mapper that is no function!
[].values().map(5);
//# iterators: concat
return typeof Iterator.concat === "function" ? [...Iterator.concat([1], new Set([2]), "x".repeat(0) || [3])] : "none";
//# iterators: the prototypes of builtin iterators
return [[].values(), new Map().keys(), new Set().values(), ""[Symbol.iterator](), "".matchAll(/a/g), [].values().map((x) => x)].map((i) => Object.prototype.toString.call(i));
//# iterators: assigned toStringTag and constructor
const i = [].values(); const tag = Object.getOwnPropertyDescriptor(Iterator.prototype, Symbol.toStringTag); const made = Object.getOwnPropertyDescriptor(Iterator.prototype, "constructor"); return [typeof tag.get, typeof made.get, Iterator.prototype[Symbol.toStringTag], Iterator.prototype.constructor === Iterator];
//# iterators: an object that inherits from Iterator.prototype may set the tag
const o = Object.create(Iterator.prototype); o[Symbol.toStringTag] = "Mine"; return [String(o), Object.keys(Object.getOwnPropertyDescriptors(o))];
//# iterators: patched array iterators change spreading
const p = Object.getPrototypeOf([][Symbol.iterator]()); const next = p.next; let n = 0; p.next = function () { n++; return next.call(this); }; const r = [...[1, 2]]; p.next = next; return [r, n];
//# iterators: entries, keys and values
return [[...["a", "b"].entries()], [..."ab"].keys().toArray(), [...new Map([[1, 2]]).entries()], [...new Set([5]).entries()], [...Object.entries({ a: 1 })]];
