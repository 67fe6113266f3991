//# module modules: are strict
return [(function () { return this; })(), typeof module, typeof require, (() => { try { undeclared = 1; } catch (e) { return e; } })()];
//# module modules: import.meta
return [typeof import.meta, Object.getPrototypeOf(import.meta), Reflect.ownKeys(import.meta), Object.isExtensible(import.meta)];
//# module modules: this at the top is undefined
return (() => this)();
//# module modules: with is no statement!
with ({}) {}
//# module modules: await is no name!
var await = 1;
//# module async modules: a class hierarchy
class A { static #n = 0; static next() { return ++A.#n; } async id() { await 0; return A.next(); } } class B extends A { async id() { return -(await super.id()); } } return [await new A().id(), await new B().id()];
//# module async modules: dynamic import is refused
return await import("./other.mjs").then(() => "loaded", (e) => typeof e.message);
//# module async modules: import.meta.url is no address
return await import(String(import.meta.url)).catch(() => "refused");
//# module modules: eval of text
return eval("1");
//# module modules: HTML-like comments are none!
var x = 1 <!-- 2;
//# module modules: legacy octals are none!
return 010;
//# module modules: functions in blocks stay there
{ function f() { return 1; } } return typeof f;
//# module modules: arguments are unmapped
return (function (a) { arguments[0] = 5; return a; })(1);
//# module modules: stacks name the file
return new Error("m").stack.split("\n")[1].includes("program.mjs");
//# module modules: globals are not their variables
var declared = 1; globalThis.made = 2; const r = [globalThis.declared, made]; delete globalThis.made; return r;
//# module modules: an export in a function!
export const x = 1;
//# module modules: a bundle of CommonJS in a module
const modules = { a: (module, exports, require) => { exports.v = require("b").v + 1; }, b: (module) => { module.exports = { v: 1 }; } }; const cache = {}; const require = (n) => cache[n]?.exports ?? (modules[n](cache[n] = { exports: {} }, cache[n].exports, require), cache[n].exports); return require("a");
