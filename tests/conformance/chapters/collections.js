//# collections: Map basics
const m = new Map([["a", 1], [NaN, 2], [0, 3]]); m.set(-0, "zero").set({}, "o"); return [m, m.get(NaN), m.has(0), m.delete("a"), m.size, [...m.keys()].map(String)];
//# collections: Map order and changes while iterating
const m = new Map([[1, 1], [2, 2]]); const r = []; for (const [k] of m) { r.push(k); if (k === 1) { m.delete(2); m.set(3, 3); m.delete(1); m.set(1, 1); } if (r.length > 5) break; } return r;
//# collections: Map without new!
Map();
//# collections: Map of what are no entries!
new Map([1]);
//# collections: Map.groupBy and Object.groupBy
const by = (x) => x % 2 ? "odd" : "even"; return [Map.groupBy([1, 2, 3], by), Object.groupBy([1, 2, 3], by)];
//# collections: forEach and this
const r = []; new Map([[1, 2]]).forEach(function (v, k, m) { r.push(v, k, m.size, this.t); }, { t: 9 }); new Set([3]).forEach((v, k) => r.push(v, k)); return r;
//# collections: Set methods
const a = new Set([1, 2, 3]), b = new Set([2, 3, 4]); return [a.union(b), a.intersection(b), a.difference(b), a.symmetricDifference(b), a.isSubsetOf(b), new Set([2]).isSubsetOf(b), a.isSupersetOf(new Set([1])), a.isDisjointFrom(new Set([9]))];
//# collections: Set methods of what is like a set
const like = { size: 2, has: (x) => x === 1, keys: () => [1, 9].values() }; return [new Set([1, 2]).union(like), new Set([1, 2]).intersection(like), new Set([1, 2]).union(new Map([[5, 6]]))];
//# collections: Set methods of an array!
new Set([1]).union([2]);
//# collections: Set of strings and duplicates
return [new Set("hello"), new Set([1, "1", 1, NaN, NaN, 0, -0]).size, [...new Set([3, 1, 3])]];
//# collections: WeakMap and WeakSet
const k = {}, f = () => 1; const m = new WeakMap([[k, 1]]); m.set(f, 2); const s = new WeakSet([k]); return [m.get(k), m.get(f), m.has({}), s.has(k), m.delete(k), m.has(k), String(m)];
//# collections: WeakMap of a primitive!
new WeakMap().set(1, 2);
//# collections: WeakRef
const o = { v: 1 }; const r = new WeakRef(o); return [r.deref().v, String(r), r.deref() === o];
//# collections: WeakRef of a primitive!
new WeakRef(5);
//# collections: FinalizationRegistry
const r = new FinalizationRegistry(() => 0); r.register({}, 1); return String(r);
//# collections: getOrInsert
const m = new Map([[1, "a"]]); return typeof m.getOrInsert === "function" ? [m.getOrInsert(1, "b"), m.getOrInsertComputed(2, (k) => k * 2), m] : "none";
//# collections: adders are looked up
const log = []; const add = Set.prototype.add; Set.prototype.add = function (v) { log.push(v); return add.call(this, v); }; new Set([1, 2]); Set.prototype.add = add; return log;
//# collections: methods of another kind!
Map.prototype.get.call(new Set(), 1);
//# collections: attributes
return [Object.getOwnPropertyDescriptor(Map.prototype, "size"), Map.prototype.entries === Map.prototype[Symbol.iterator], Set.prototype.keys === Set.prototype.values, Map.length, Map[Symbol.species] === Map];
//# collections: a private store by WeakMap
const store = new WeakMap(); class A { constructor(v) { store.set(this, { v }); } get v() { return store.get(this).v; } } return [new A(5).v, new A(6)];
//# collections: LRU cache
class Lru { #m = new Map(); constructor(n) { this.n = n; } get(k) { if (!this.#m.has(k)) return; const v = this.#m.get(k); this.#m.delete(k); this.#m.set(k, v); return v; } set(k, v) { this.#m.delete(k); this.#m.set(k, v); if (this.#m.size > this.n) this.#m.delete(this.#m.keys().next().value); } keys() { return [...this.#m.keys()]; } } const c = new Lru(2); c.set("a", 1); c.set("b", 2); c.get("a"); c.set("c", 3); return c.keys();
//# arrays: holes
const a = [1, , 3]; return [a, a.length, 1 in a, a.map((x) => x), a.forEach((x) => x), [...a], a.indexOf(undefined), a.includes(undefined), Object.keys(a), a.join("-"), a.flat(), a.reduce((x, y) => x + y)];
//# arrays: length
const a = [1, 2, 3]; a.length = 1; a[3] = 4; a["5"] = 6; a["01"] = 7; return [a, a.length, Object.getOwnPropertyDescriptor(a, "length")];
//# arrays: a bad length!
[].length = -1;
//# arrays: a frozen one in strict code!
"use strict"; Object.freeze([1]).push(2);
//# arrays: of and from
return [Array.of(7), Array(3), Array(3, 4), Array.from("abc"), Array.from({ length: 2 }, (_, i) => i * i), Array.from(new Map([[1, 2]])), Array.from.call(Object, [1])];
//# arrays: copying methods
const a = [3, 1, 2]; return [a.toSorted(), a.toReversed(), a.with(1, 9), a.toSpliced(0, 1, "x", "y"), a, [1, , 3].toReversed(), [5].at(-1)];
//# arrays: with out of range!
[1].with(5, 0);
//# arrays: find from either side
const a = [1, 2, 3, 4]; return [a.find((x) => x > 1), a.findIndex((x) => x > 9), a.findLast((x) => x < 3), a.findLastIndex((x) => x > 9), a.lastIndexOf(4), [NaN].includes(NaN), [NaN].indexOf(NaN)];
//# arrays: sort is stable and text by default
const a = [[1, "b"], [0, "a"], [1, "a"], [0, "b"]]; return [a.toSorted((x, y) => x[0] - y[0]), [10, 9, 1, undefined, , "b"].sort(), [3, 2, 1].sort((a, b) => a - b), ["é", "z", "a"].sort()];
//# arrays: sort by no function!
[1].sort("x");
//# arrays: splice, slice and copyWithin
const a = [1, 2, 3, 4, 5]; const cut = a.splice(1, 2, "x"); return [cut, a, a.slice(-2), a.slice(1, -1), [1, 2, 3, 4].copyWithin(0, 2), [1, 2, 3].fill(0, 1), new Array(2).fill([])];
//# arrays: push, pop, shift, unshift and reverse
const a = []; return [a.push(1, 2), a.unshift(0), a.shift(), a.pop(), a.reverse(), [].pop(), [].shift()];
//# arrays: flat and flatMap
return [[1, [2, [3, [4]]]].flat(), [1, [2, [3, [4]]]].flat(Infinity), [1, 2].flatMap((x) => [x, [x]]), [[, 1]].flat()];
//# arrays: reduce of nothing!
[].reduce((a) => a);
//# arrays: reduceRight, every and some
return [[1, 2, 3].reduceRight((a, x) => a + x, ""), [].every(() => false), [].some(() => true), [1, 2].entries().toArray()];
//# arrays: methods are generic
const o = { length: 2, 0: "a", 1: "b" }; return [Array.prototype.map.call(o, (x) => x + "!"), Array.prototype.join.call("abc", "-"), Array.prototype.push.call(o, "c"), o, Array.prototype.slice.call(arguments)];
//# arrays: species decides
class A extends Array { static get [Symbol.species]() { return function (n) { return { made: n }; }; } } try { return new A(1, 2, 3).filter(() => true); } catch (e) { return e; }
//# arrays: constructor as data decides
const a = [1, 2]; a.constructor = { [Symbol.species]: class { constructor(n) { this.n = n; } } }; return [a.map((x) => x), a.slice(1)];
//# arrays: concat
return [[1].concat(2, [3, [4]], "5", [, 6]), [].concat({ length: 1 }), [1].concat().length];
//# arrays: join and toString of nests and cycles
const a = [1, [2, [null, undefined]], {}]; a.push(a); return [String(a), a.join(";"), [1.5, -0, 1e21].join(), [[]].toString()];
//# arrays: toLocaleString
return [[1234.5, "a", null].toLocaleString("en-US"), [1234.5].toLocaleString("de-DE")];
//# arrays: as tables
const a = Object.assign([1], { named: 5, "-1": 6 }); a[2 ** 32 - 1] = "no index"; return [a, a.length, Object.keys(a)];
//# arrays: huge lengths are sparse
const a = []; a[4294967294] = 1; return [a.length, Object.keys(a)];
//# arrays: beyond the largest length!
const a = []; a.length = 4294967295; a.push(1);
//# arrays: isArray
return [Array.isArray([]), Array.isArray({ __proto__: Array.prototype }), Array.isArray(new Proxy([], {})), Array.isArray(new Uint8Array())];
//# arrays: inherited elements
Array.prototype[1] = "inherited"; const r = [[0, , 2][1], [0, , 2].hasOwnProperty(1)]; delete Array.prototype[1]; return r;
//# arrays: chunk, zip and unique
const chunk = (a, n) => a.length ? [a.slice(0, n), ...chunk(a.slice(n), n)] : []; const zip = (...r) => r[0].map((_, i) => r.map((x) => x[i])); return [chunk([1, 2, 3, 4, 5], 2), zip([1, 2], ["a", "b"])];
//# arrays: the attributes of methods
return [Object.getOwnPropertyDescriptor(Array.prototype, "map"), Array.prototype.length, Object.getOwnPropertyDescriptor(Array, Symbol.species), Array.prototype.concat.length];
