//# async async: await in order
const log = []; const f = async (n) => { log.push(n); await null; log.push(n + "'"); return n; }; const r = await Promise.all([f("a"), f("b")]); return [log, r];
//# async async: a rejected await throws!
await Promise.reject(new RangeError("no"));
//# async async: try, catch and finally
const log = []; try { await Promise.reject("x"); } catch (e) { log.push(e); } finally { log.push("f"); } return log;
//# async async: microtasks in order
const log = []; Promise.resolve().then(() => log.push(1)).then(() => log.push(2)); (async () => { log.push(3); await 0; log.push(4); })(); await 0; await 0; await 0; return log;
//# async: a promise that is returned settles later
return new Promise((resolve) => Promise.resolve().then(() => resolve("later")));
//# async: a rejected promise throws!
return Promise.reject(new TypeError("rejected"));
//# async async: all, race, any and allSettled
const ok = Promise.resolve(1), no = Promise.reject(new Error("no")); return [await Promise.all([ok, 2]), await Promise.race([ok, no]), await Promise.any([no, ok]), await Promise.allSettled([ok, no, 3])];
//# async async: any of none!
await Promise.any([]);
//# async async: any of rejections
try { await Promise.any([Promise.reject(1), Promise.reject(2)]); } catch (e) { return [e, e.errors]; }
//# async async: withResolvers and try
const { promise, resolve } = Promise.withResolvers(); resolve(5); return [await promise, await Promise.try((a) => a + 1, 6), await Promise.try(() => { throw 7; }).catch((e) => e)];
//# async async: thenables
const t = { then(ok) { ok("thenable"); } }; return [await t, await Promise.resolve(t), await (async () => t)()];
//# async async: a thenable that throws after
return await { then(ok) { ok(1); throw 2; } };
//# async async: finally passes through
return [await Promise.resolve(1).finally(() => 2), await Promise.reject(3).finally(() => 4).catch((e) => e), await Promise.resolve(1).finally(() => { throw 5; }).catch((e) => e)];
//# async async: a promise that resolves to itself!
let p; p = new Promise((r) => Promise.resolve().then(() => r(p))); await p;
//# async: an executor that throws!
return new Promise(() => { throw new SyntaxError("executor"); });
//# async: Promise without new!
Promise(() => 1);
//# async: Promise of no function!
new Promise(5);
//# async async: async generators
async function* g() { yield 1; yield Promise.resolve(2); try { yield 3; } finally { log.push("f"); } } const log = []; for await (const v of g()) { log.push(v); if (v === 3) break; } return log;
//# async async: for await over plain iterables
const log = []; for await (const v of [1, Promise.resolve(2), { then(ok) { ok(3); } }]) log.push(v); return log;
//# async async: for await rejects!
for await (const v of [1, Promise.reject(new Error("second"))]) v;
//# async async: Symbol.asyncIterator
const o = { async *[Symbol.asyncIterator]() { yield "a"; yield "b"; } }; const log = []; for await (const v of o) log.push(v); return log;
//# async async: requests of an async generator queue
async function* g() { yield 1; yield 2; return 3; } const i = g(); return await Promise.all([i.next(), i.next(), i.next(), i.next(), i.return(9)]);
//# async async: throw into an async generator
async function* g() { try { yield 1; } catch (e) { yield "caught " + e; } } const i = g(); return [await i.next(), await i.throw("x"), await i.next()];
//# async async: delegation of async generators
async function* a() { yield 1; return "r"; } async function* b() { const r = yield* a(); yield r; yield* [2]; } const log = []; for await (const v of b()) log.push(v); return log;
//# async async: Array.fromAsync
return [await Array.fromAsync([1, Promise.resolve(2)]), await Array.fromAsync((async function* () { yield 3; })(), (x) => x * 2)];
//# async async: arrow and method forms
const o = { async m() { return this.v; }, v: 1, async *g() { yield this.v; } }; class A { static async s() { return 2; } async #p() { return 3; } p() { return this.#p(); } } return [await o.m(), await (async (x) => x)(4), await A.s(), await new A().p(), (await o.g().next()).value];
//# async async: await in parameters and templates
const f = async (x) => x; return [`${await f(1)}`, await f(await f(2)), [await f(3), ...(await f([4]))], { [await f("k")]: await f(5) }];
//# async async: a chain of a thousand
let p = Promise.resolve(0); for (let i = 0; i < 1000; i++) p = p.then((n) => n + 1); return await p;
//# async async: an async queue
class Queue { #tail = Promise.resolve(); add(f) { return this.#tail = this.#tail.then(f, f); } } const q = new Queue(), log = []; q.add(async () => { await 0; log.push(1); }); q.add(() => { log.push(2); throw 3; }); await q.add(() => log.push(4)); return log;
//# async async: species and constructors of promises
class P extends Promise { static get [Symbol.species]() { return Promise; } } const p = new P((r) => r(1)); return [p.then(() => 1).constructor === Promise, Promise.resolve(p) === p, P.resolve(p) === p, await p];
//# async async: unhandled rejections end nothing
Promise.reject(new Error("nobody")); (async () => { throw 1; })(); await 0; return "fine";
//# async async: order of nested thenables
const log = []; const a = new Promise((r) => r(Promise.resolve("slow"))); a.then((v) => log.push(v)); Promise.resolve("fast").then((v) => log.push(v)); for (let i = 0; i < 5; i++) await 0; return log;
//# async async: the constructor of async functions
async function f() {} return [f.constructor.name, Object.prototype.toString.call(f), f() instanceof Promise, "prototype" in f];
//# async: await outside of async!
const x = await 1;
//# async: queueMicrotask
return new Promise((r) => queueMicrotask(() => r("micro")));
//# async: timers are not of the language
return [typeof setTimeout, typeof setInterval, typeof setImmediate, typeof requestAnimationFrame];
//# async async: Promise.all reads resolve once
let n = 0; class P extends Promise { static resolve(v) { n++; return super.resolve(v); } } await P.all([1, 2, 3]); return n;
//# async async: an error of a dynamic import
return await import("./nothing.js").catch((e) => e.name);
//# async async: the message of a dynamic import
return await import("./nothing.js").catch((e) => e.message);
//# async async: Atomics.waitAsync
return Atomics.waitAsync(new Int32Array(new SharedArrayBuffer(4)), 0, 1);
//# async: a promise that never settles does not hold up the others
new Promise(() => 0); return Promise.race([new Promise(() => 0), 5]);
