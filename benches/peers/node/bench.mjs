// Measures one peer of Node's: `node --no-node-snapshot bench.mjs isolated-vm`, or `quickjs-emscripten`. As the peers
// in Rust: one round to warm up, then seven, of which the median and the best are printed as a line of JSON.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const ROUNDS = 7;

// What holds on to results, so that no call is optimized away.
let kept;

const NAME = "0123456789";

// What crosses in `order`: ten fields, numbers, strings and booleans.
const ORDER = {
  id: 4711,
  customer: "Ada Lovelace",
  product: "Analytical engine",
  currency: "EUR",
  price: 7.5,
  quantity: 4,
  discount: 0.25,
  total: 0,
  paid: true,
  gift: false,
};

const ADD = "(a, b) => a + b";
const GREET = "(name) => 'Hello, ' + name";
const TOTAL = "(o) => ({ ...o, total: o.price * o.quantity })";
const RUN =
  "(n) => { let sum = 0; for (let i = 0; i < n; i++) sum = hostAdd(sum, 1.5); return sum; }";

const peers = { "isolated-vm": isolatedVm, "quickjs-emscripten": quickjsEmscripten };
const peer = process.argv[2];
if (!Object.hasOwn(peers, peer)) throw new Error(`usage: bench.mjs ${Object.keys(peers).join("|")}`);
const manifest = new URL(`node_modules/${peer}/package.json`, import.meta.url);
const { version } = JSON.parse(readFileSync(manifest, "utf8"));
await peers[peer]();

// V8's isolates in Node. Its readme gives no advice on speed. What the host calls is a `Reference` that it holds, called
// by `applySync`, which keeps to the calling thread; primitive values cross as they are. What the guest calls is a
// `Callback`: "easier and safer than dealing with the more flexible Reference class", says the readme; it was no slower.
// A function that a script returns without `reference: true` is a `Callback` too, and took a fifth less for `order`; but
// no time limit can be given to a call of it, which is what a host of untrusted scripts wants.
async function isolatedVm() {
  const { default: ivm } = await import("isolated-vm");
  // Its default memory limit, and no `timeout`, which would start a timer for each call.
  const isolate = new ivm.Isolate();
  const context = isolate.createContextSync();
  const load = (source) => context.evalSync(source, { reference: true });

  // `add`: two numbers in, one out.
  const add = load(ADD);
  const callAdd = () => add.applySync(undefined, [1.5, 2.25]);
  assert.equal(callAdd(), 3.75);
  calls("add", "", 200_000, callAdd);

  // `greet`: a string of ten characters in, a new one out.
  const greet = load(GREET);
  const callGreet = () => greet.applySync(undefined, [NAME]);
  assert.equal(callGreet(), `Hello, ${NAME}`);
  calls("greet", "", 100_000, callGreet);

  // `order`: an object in and out, by structured clone.
  const total = load(TOTAL);
  const copy = { arguments: { copy: true }, result: { copy: true } };
  const callTotal = () => total.applySync(undefined, [ORDER], copy);
  assert.deepEqual(callTotal(), { ...ORDER, total: 30 });
  calls("order", "copy: true, objects of JavaScript on both sides", 20_000, callTotal);

  // `host_add`: the guest's loop calls a function of the host in each turn.
  context.global.setSync("hostAdd", new ivm.Callback((a, b) => a + b));
  const run = load(RUN);
  const callRun = (turns) => run.applySync(undefined, [turns]);
  assert.equal(callRun(4), 6);
  turns("host_add", "", 100_000, callRun);

  // `start`: an isolate with its context, the script, one call.
  const start = () => {
    const isolate = new ivm.Isolate();
    const add = isolate.createContextSync().evalSync(ADD, { reference: true });
    return { isolate, sum: add.applySync(undefined, [1.5, 2.25]) };
  };
  const started = start();
  assert.equal(started.sum, 3.75);
  started.isolate.dispose();
  starts("", 20, start, ({ isolate }) => isolate.dispose());
}

// QuickJS as WebAssembly in Node. Its readme says of the variant that `getQuickJS` takes, `RELEASE_SYNC`: "It offers the
// fastest performance and smallest file size". Handles are disposed as it asks. It says nothing about objects; they
// cross as JSON here: ten properties set through a handle each, with `dump` for the result, took half as long again.
async function quickjsEmscripten() {
  const { getQuickJS } = await import("quickjs-emscripten");
  const quickjs = await getQuickJS();
  const vm = quickjs.newContext();
  const load = (source) => vm.unwrapResult(vm.evalCode(source));
  const disposing = (handle, use) => {
    const result = use(handle);
    handle.dispose();
    return result;
  };

  // `add`: two numbers in, one out.
  const add = load(ADD);
  const callAdd = () => applyAdd(vm, add);
  assert.equal(callAdd(), 3.75);
  calls("add", "", 200_000, callAdd);

  // `greet`: a string of ten characters in, a new one out.
  const greet = load(GREET);
  const callGreet = () => {
    const name = vm.newString(NAME);
    const result = vm.unwrapResult(vm.callFunction(greet, vm.undefined, name));
    name.dispose();
    return disposing(result, vm.getString.bind(vm));
  };
  assert.equal(callGreet(), `Hello, ${NAME}`);
  calls("greet", "", 100_000, callGreet);

  // `order`: an object in and out, as JSON.
  const total = load(`(json) => JSON.stringify((${TOTAL})(JSON.parse(json)))`);
  const callTotal = () => {
    const json = vm.newString(JSON.stringify(ORDER));
    const result = vm.unwrapResult(vm.callFunction(total, vm.undefined, json));
    json.dispose();
    return JSON.parse(disposing(result, vm.getString.bind(vm)));
  };
  assert.deepEqual(callTotal(), { ...ORDER, total: 30 });
  calls("order", "as JSON, objects of JavaScript on both sides", 20_000, callTotal);

  // `host_add`: the guest's loop calls a function of the host in each turn.
  const hostAdd = vm.newFunction("hostAdd", (a, b) => vm.newNumber(vm.getNumber(a) + vm.getNumber(b)));
  vm.setProp(vm.global, "hostAdd", hostAdd);
  hostAdd.dispose();
  const run = load(RUN);
  const callRun = (turns) => {
    const n = vm.newNumber(turns);
    const result = vm.unwrapResult(vm.callFunction(run, vm.undefined, n));
    n.dispose();
    return disposing(result, vm.getNumber.bind(vm));
  };
  assert.equal(callRun(4), 6);
  turns("host_add", "", 100_000, callRun);

  // `start`: a runtime with its context, the script, one call.
  const start = () => {
    const vm = quickjs.newContext();
    const add = vm.unwrapResult(vm.evalCode(ADD));
    return { vm, add, sum: applyAdd(vm, add) };
  };
  const end = ({ vm, add }) => {
    add.dispose();
    vm.dispose();
  };
  const started = start();
  assert.equal(started.sum, 3.75);
  end(started);
  starts("all runtimes share one instance of WebAssembly, made before", 50, start, end);
}

function applyAdd(vm, add) {
  const a = vm.newNumber(1.5);
  const b = vm.newNumber(2.25);
  const result = vm.unwrapResult(vm.callFunction(add, vm.undefined, a, b));
  const sum = vm.getNumber(result);
  a.dispose();
  b.dispose();
  result.dispose();
  return sum;
}

function calls(work, note, count, call) {
  rounds(work, note, count, () => {
    const begun = process.hrtime.bigint();
    for (let i = 0; i < count; i++) kept = call();
    return process.hrtime.bigint() - begun;
  });
}

// `run` makes all turns of a round in the guest.
function turns(work, note, count, run) {
  rounds(work, note, count, () => {
    const begun = process.hrtime.bigint();
    kept = run(count);
    return process.hrtime.bigint() - begun;
  });
}

// What was started is ended while the clock stands.
function starts(note, count, start, end) {
  rounds("start", note, count, () => {
    let total = 0n;
    for (let i = 0; i < count; i++) {
      const begun = process.hrtime.bigint();
      const started = start();
      total += process.hrtime.bigint() - begun;
      end(started);
    }
    return total;
  });
}

function rounds(work, note, units, round) {
  round();
  const each = Array.from({ length: ROUNDS }, () => Number(round()) / units);
  each.sort((a, b) => a - b);
  const tenths = (ns) => Math.round(ns * 10) / 10;
  const line = { peer, version, work, unit: "ns", median: tenths(each[(ROUNDS - 1) / 2]), best: tenths(each[0]) };
  if (note) line.note = note;
  console.log(JSON.stringify(line));
}
