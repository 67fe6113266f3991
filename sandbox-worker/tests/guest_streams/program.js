// Streams that a guest gives. Each part of the program is a function that makes an iterable.
const notes = [];
export const log = () => notes.splice(0);

function* count(to, name = "count") {
  try {
    for (let n = 0; n < to; n++) {
      notes.push(`${name} ${n}`);
      yield n;
    }
  } finally {
    notes.push(`end of ${name}`);
  }
}

async function* events(to, name = "events") {
  try {
    for (let n = 0; n < to; n++) yield n;
  } finally {
    notes.push(`end of ${name}`);
  }
}

// An iterator with these members.
const made = (members) => {
  let n = 0;
  return { [Symbol.iterator]: () => ({ next: () => ({ value: n++, done: false }), ...members }) };
};
const endless = (members) => {
  let n = 0;
  return { [Symbol.asyncIterator]: () => ({ next: async () => ({ value: n++, done: false }), ...members }) };
};

const lists = {
  generator: () => count(100),
  endless: () => count(Infinity),
  array: () => [1, 2, 3],
  set: () => new Set([1, 2, 3]),
  numbers: () => new Float64Array([1, 2, 3]),
  empty: () => [],
  values: () => [1, 2, 3].values(),
  *throws() {
    yield 1;
    yield 2;
    yield 3;
    yield 4;
    throw new RangeError("out of paper");
  },
  *wrong() {
    for (let n = 0; n < 6; n++) yield n;
    yield "six";
    yield 7;
  },
  *slow() {
    yield 1;
    for (;;);
  },
  notIterable: () => ({ next: () => ({ value: 1, done: false }) }),
  text: () => "123",
  noNext: () => ({ [Symbol.iterator]: () => ({}) }),
  noIterator: () => ({ [Symbol.iterator]: () => 1 }),
  noResult: () => ({ [Symbol.iterator]: () => ({ next: () => 1 }) }),
  getterThrows: () => ({ get [Symbol.iterator]() { throw new RangeError("no"); } }),
  doneThrows: () => ({ [Symbol.iterator]: () => ({ next: () => ({ get done() { throw new RangeError("done"); } }) }) }),
  // `next` is found once.
  changes: () => {
    const iterator = { next: () => ({ value: 1, done: false }) };
    return { [Symbol.iterator]: () => { Promise.resolve().then(() => { iterator.next = null; }); return iterator; } };
  },
  proxy: () => new Proxy([1, 2, 3], { get: (target, key) => target[key] }),
  returnThrows: () => made({ return() { notes.push("return"); throw new Error("no"); } }),
  returnNeverEnds: () => made({ return() { notes.push("return"); for (;;); } }),
  returnIsNumber: () => made({ return: 7 }),
  returnLies: () => ({
    [Symbol.iterator]: () => ({
      next: () => ({ value: 0, done: false }),
      get return() { notes.push("get"); throw new Error("no"); },
    }),
  }),
  *returnGives() {
    try {
      for (let n = 0;; n++) yield n;
    } finally {
      notes.push("return");
      Sink.first(count(10, "inner"));
    }
  },
  reads: () => count(3),
  *calls() {
    yield Sink.sum(count(3, "inner"));
    yield Sink.sum(count(4, "inner"));
  },
};
// Changes all that the functions of a stream could look up. Afterwards no list of this program works.
let stolen = 0;
const poison = (promises) => {
  const steal = () => { stolen++; return void 0; };
  const { defineProperty } = Object;
  const places = [
    [Array.prototype, ["0", "1", "2", "3", "length", "push", Symbol.iterator]],
    [Object.prototype, ["0", "1", "2", "3", "then", "constructor", "next", "give"]],
    // An `await` of a guest's own promise looks at these, as the language says.
    [Promise.prototype, promises ? ["then", "catch", "constructor"] : ["catch"]],
    [Function.prototype, ["call", "apply", "bind"]],
    [Reflect, ["apply"]],
    [Object, ["setPrototypeOf", "freeze"]],
  ];
  const all = places.flatMap(([object, names]) => names.map((name) => ({ object, name })))
    .filter(({ object, name }) => Object.getOwnPropertyDescriptor(object, name)?.configurable !== false);
  const count = all.length;
  for (let at = 0; at < count; at++) {
    const { object, name } = all[at];
    defineProperty(object, name, { __proto__: null, configurable: true, get: steal, set: steal });
  }
  globalThis.Promise = globalThis.TypeError = globalThis.Reflect = steal;
};
lists.poisoned = () => { poison(true); return (function* () { for (let n = 0; n < 20; n++) yield n; })(); };
lists.stolen = () => (function* () { yield stolen; })();
export const items = (what) => lists[what]();
export const rows = (what) => what === "wrong"
  ? [{ name: "a", price: 1 }, { name: "b", price: 2 }, { name: "c", price: 3 }, { name: "d", price: "four" }]
  : Array.from({ length: 3000 }, (_, n) => ({ name: `row ${n}`, price: n }));
export function* texts(lengths) {
  for (const length of lengths) yield "x".repeat(length);
}
export const given = {
  sum: () => Sink.sum([1, 2, 3]),
  sumOfGenerator: () => Sink.sum(count(40)),
  firsts: () => { let sum = 0; for (let n = 0; n < 50; n++) sum += Sink.first(count(10)); return sum; },
  same: () => { const back = Sink.same(count(5)); return [...back].reduce((sum, n) => sum + n, 0); },
  sameRead: () => { const numbers = count(5); numbers.next(); numbers.next(); return [...Sink.same(numbers)].length; },
  many: () => { let sum = 0; for (let n = 0; n < 300; n++) sum += Sink.first(count(10, "many")); return sum; },
  kept: () => { Sink.keep(count(10, "kept")); return 1; },
};
export const gives = (what) => given[what]();

const streams = {
  generator: () => events(100),
  endless: () => events(Infinity),
  array: () => [1, 2, 3],
  promises: () => [1, Promise.resolve(2), 3],
  list: () => count(100),
  async *throws() {
    yield 1;
    yield 2;
    yield 3;
    throw new RangeError("out of paper");
  },
  async *wrong() {
    for (let n = 0; n < 6; n++) yield n;
    yield "six";
  },
  // Each item waits for the host.
  async *waits() {
    for (let n = 0; n < 20; n++) yield n * await Sink.moment();
  },
  // Three items at once, and then the host has to open the gate.
  async *bursts() {
    for (let n = 0; n < 4; n++) {
      yield 3 * n;
      yield 3 * n + 1;
      yield 3 * n + 2;
      await Sink.gate();
    }
  },
  async *silent() {
    try {
      yield 1;
      await Sink.silent();
    } finally {
      notes.push("end of silent");
    }
  },
  async *never() {
    yield 1;
    await new Promise(() => {});
  },
  async *closes() {
    try {
      for (let n = 0;; n++) yield n;
    } finally {
      notes.push(`end of closes, ${Sink.sum(count(3, "inner"))}`);
    }
  },
  async *late() {
    try {
      for (let n = 0;; n++) yield n;
    } finally {
      notes.push("begin of end");
      await null;
      notes.push("end of end");
    }
  },
  rejects: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new RangeError("no")) }) }),
  thenable: () => ({
    [Symbol.asyncIterator]: () => ({ next: () => ({ then(resolve) { resolve({ value: 1, done: false }); resolve(2); } }) }),
  }),
  returnRejects: () => endless({ return: async () => { notes.push("return"); throw new Error("no"); } }),
  returnNeverSettles: () => endless({ return: () => { notes.push("return"); return new Promise(() => {}); } }),
  notIterable: () => ({}),
};
streams.poisoned = () => { poison(false); return (async function* () { for (let n = 0; n < 20; n++) yield n; })(); };
streams.stolen = () => (async function* () { yield stolen; })();
export const stream = (what) => streams[what]();
export const transformed = async (numbers) => (async function* () {
  try {
    for await (const number of numbers) if (number % 2 === 0) yield number * 10;
  } finally {
    notes.push("end of transformed");
  }
})();
const awaited = {
  total: () => Sink.total(events(1000)),
  totalOfList: () => Sink.total([1, 2, 3]),
  doubled: async () => {
    let sum = 0;
    for await (const number of await Sink.doubled(events(100))) sum += number;
    return sum;
  },
  rest: async () => {
    const numbers = await Sink.numbers(10);
    await numbers.next();
    await numbers.next();
    return await Sink.total(numbers);
  },
};
export const awaits = (what) => awaited[what]();
