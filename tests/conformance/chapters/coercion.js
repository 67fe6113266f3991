//# coercion: addition
return [1 + "2", "3" + 4 + 5, 1 + 2 + "3", [] + [], [] + {}, null + 1, undefined + 1, true + true, "a" + null];
//# coercion: subtraction and others
return ["5" - 2, "5" * "2", "x" * 1, null * 5, [] * 2, [7] * 2, "10" / "4", "7" % 4];
//# coercion: loose equality
return [null == undefined, null == 0, "" == 0, "0" == false, [] == false, [1] == 1, NaN == NaN, "1" == 1n, ({}) == "[object Object]"];
//# coercion: comparisons
return ["b" > "a", "10" < "9", 10 < "9", null >= 0, undefined >= 0, 2n > 1, "2" > 1n, NaN < 1];
//# coercion: to primitive by hints
const o = { [Symbol.toPrimitive](hint) { return hint; } };
return [`${o}`, o + "", +o, o * 1, [o] + "", new Date(0)[Symbol.toPrimitive]("number")];
//# coercion: valueOf before toString
const log = [];
const o = { valueOf() { log.push("v"); return {}; }, toString() { log.push("s"); return "7"; } };
return [o * 2, `${o}`, o + "x", log];
//# coercion: no primitive!
return +{ valueOf() { return {}; }, toString() { return {}; } };
//# coercion: a symbol to a string!
return "" + Symbol("s");
//# coercion: a symbol to a number!
return +Symbol("s");
//# coercion: a BigInt with a number!
return 1n + 1;
//# coercion: unary plus of a BigInt!
return +1n;
//# coercion: Number of many things
return ["", " 12 ", "0x1f", "0b11", "1e3", "1_000", "Infinity", "-0", [], [5], [1, 2], {}, null, undefined, true, new Date(5), 10n].map(Number);
//# coercion: String of many things
return [null, undefined, -0, 1e21, 1e-7, [1, [2, null]], {}, Symbol("a"), 5n, true, () => 1].map(String);
//# coercion: Boolean of many things
return [0, -0, NaN, "", "0", "false", [], {}, null, undefined, 0n, 1n, Symbol()].map(Boolean);
//# coercion: typeof
return [typeof 1, typeof 1n, typeof "", typeof null, typeof undefined, typeof Symbol(), typeof {}, typeof (() => 1), typeof class {}, typeof nothing];
//# coercion: wrappers
return [Object(1), Object("ab"), Object(true), Object(5n), Object(Symbol("x")), new String("q").length];
//# coercion: wrappers are objects
return [new Number(5) == 5, new Number(5) === 5, new Boolean(false) ? 1 : 2, typeof new String("")];
//# coercion: property keys
const o = {}; o[1] = "a"; o[-0] = "b"; o[1.5] = "c"; o[null] = "d"; o[[1, 2]] = "e"; o[{ toString() { return "f"; } }] = "g"; return o;
//# coercion: to 32 bits
return [2 ** 32 | 0, -1 >>> 0, 1e20 | 0, "12" | 0, NaN | 0, 2 ** 31 | 0, 1 << 33, -5 >> 1, ~~-5.7];
//# coercion: Object.is
return [Object.is(NaN, NaN), Object.is(0, -0), Object.is("a", "a"), Object.is([], [])];
//# coercion: BigInt of things
return [BigInt("0x10"), BigInt(""), BigInt(true), BigInt(9007199254740993), BigInt.asIntN(8, 255n), BigInt.asUintN(8, -1n)];
//# coercion: BigInt of a fraction!
return BigInt(1.5);
//# coercion: BigInt of bad text!
return BigInt("1n");
//# coercion: toPrimitive that is no function!
return `${{ [Symbol.toPrimitive]: 5 }}`;
//# coercion: Date prefers strings
const d = new Date(0); d.toString = () => "date"; d.valueOf = () => 5; return [d + 1, d - 1];
//# coercion: document.all is not here
return [typeof document, null ?? 1, undefined ?? 2, 0 ?? 3, "" ?? 4];
