const error = (run) => { try { return run(); } catch (e) { return `${e.name}: ${e.message}`; } };
const later = async (run) => { try { return await run(); } catch (e) { return `${e.name}: ${e.message}`; } };
const all = async (stream) => { const all = []; for await (const value of stream) all.push(value); return all; };
const COUNTS = [0, 2, 3, 4, 100, 5000];
let kept = null;

const acts = {
  async sums() {
    const sums = [];
    for (const count of COUNTS) {
      let sum = 0;
      for await (const number of await Source.numbers(count)) sum += number;
      sums.push(sum);
    }
    return sums;
  },
  sumsItems() {
    return COUNTS.map((count) => {
      let sum = 0;
      for (const number of Source.items(count)) sum += number;
      return sum;
    });
  },
  async page() {
    const page = await Source.page();
    let count = 0, last;
    for await (const event of page.events) {
      if (event.number !== count++) return "out of order";
      last = event;
    }
    return [page.title, count, last.tags, Object.getPrototypeOf(last) === Object.prototype].join(":");
  },
  async ahead() {
    const stream = await Source.endless(), is = [];
    if (Source.made() !== 0) return "made before it was asked for";
    let taken = 0;
    for await (const _ of stream) {
      taken++;
      if ([1, 2, 3, 10, 100, 3000].includes(taken)) is.push(Source.made() <= Math.min(2 * taken, taken + 1024));
      if (taken === 3000) break;
    }
    return is;
  },
  aheadItems() {
    const items = Source.endlessItems(), is = [];
    if (Source.made() !== 0) return "made before it was asked for";
    let taken = 0;
    for (const _ of items) {
      taken++;
      if ([1, 2, 3, 10, 100, 3000].includes(taken)) is.push(Source.made() <= Math.min(2 * taken, taken + 1024));
      if (taken === 3000) break;
    }
    return is;
  },
  async leftWhileAsked() {
    const silent = await Source.silent(), asked = [silent.next(), silent.next()];
    await Source.moment();
    await silent.return();
    // The host is asked for nothing more.
    return (await Promise.all(asked)).map(({ done }) => done);
  },
  async fails() { return failed(await Source.fails(5)); },
  async panics() { return failed(await Source.panics()); },
  failsItems() {
    const items = Source.itemsFail(5), taken = [];
    const text = error(() => { for (const value of items) taken.push(value); });
    return [taken, text, items.next().done, Source.live()].join("|");
  },
  async leaves() {
    const stream = await Source.endless(), lives = [Source.live()];
    for await (const value of stream) if (value === 10) break;
    lives.push(Source.live());
    const other = await Source.endless();
    await other.next();
    lives.push(Source.live());
    await other.return();
    lives.push(Source.live());
    return lives;
  },
  leavesItems() {
    const items = Source.endlessItems(), lives = [Source.live()];
    for (const value of items) if (value === 10) break;
    lives.push(Source.live());
    const other = Source.endlessItems();
    other.next();
    lives.push(Source.live());
    if (Symbol.dispose) other[Symbol.dispose](); else other.return();
    lives.push(Source.live());
    return lives;
  },
  async ends() {
    const stream = await Source.numbers(1), lives = [Source.live()];
    await stream.next();
    await stream.next();
    return [...lives, Source.live()];
  },
  endsItems() {
    const items = Source.items(1), lives = [Source.live()];
    for (const _ of items);
    return [...lives, Source.live()];
  },
  async takesFew() {
    const some = [[], []];
    for await (const value of await Source.endless()) if (some[0].push(value) === 4) break;
    for (const value of Source.endlessItems()) if (some[1].push(value) === 4) break;
    return some.join("|");
  },
  async failsAway() { return (await failed(await Source.fails(5))).replace(/.[0-9]+$/, ""); },
  async stopsSilent() {
    const stream = await Source.silent();
    const [a, b] = [stream.next(), stream.next()];
    await Source.moment();
    await stream.return();
    return [(await a).done, (await b).done, Source.live()];
  },
  async races() {
    const stream = await Source.numbers(10);
    const results = await Promise.all(Array.from({ length: 12 }, () => stream.next()));
    return results.map((result) => result.value);
  },
  async twice() {
    const stream = await Source.numbers(3), items = Source.items(3);
    await all(stream);
    for (const _ of items) break;
    return [await later(() => all(stream)), error(() => [...items])].join("\n");
  },
  async large() {
    return (await all(await Source.texts([100000, 1, 2, 300000, 3, 0]))).map((text) => text.length);
  },
  async small() {
    const texts = [], add = async (lengths) => {
      for await (const text of await Source.texts(lengths)) texts.push(text.length);
    };
    await add([900, 1, 2, 899, 3, 4]);
    const wrong = await later(() => add([5, 6, 7, 8, 9, 901, 10]));
    return `${texts}|${wrong}`;
  },
  async bytes() {
    let count = 0, length = 0, last;
    for await (const bytes of await Source.bytes(50, 100000)) { count++; length += bytes.length; last = bytes[99999]; }
    return `${count}:${length}:${last}`;
  },
  async things() {
    const ids = [];
    for await (const thing of await Source.things(10)) ids.push(thing.id());
    return ids;
  },
  async again() {
    let sum = 0;
    for await (const number of await Source.again(await Source.numbers(3))) sum += number;
    let count = 0;
    const numbers = await Source.again(await Source.again(await Source.numbers(10)));
    for await (const _ of numbers) count++;
    return [sum, count, Source.sum(Source.items(10))].join("|");
  },
  async againRead() {
    const read = await Source.numbers(3), items = Source.items(3), over = await Source.numbers(3);
    read[Symbol.asyncIterator]();
    items[Symbol.iterator]();
    await over.return();
    const wrong = [read, items, over, {}, "text"];
    const texts = [];
    for (const value of wrong) texts.push(await later(() => Source.again(value)));
    texts.push(error(() => Source.sum(items)));
    return texts.join("\n");
  },
  async poisoned() {
    const stream = await Source.numbers(10), items = Source.items(10);
    const { defineProperty, getOwnPropertyDescriptor, setPrototypeOf } = Object;
    const bad = () => { throw new Error("poisoned"); };
    const lists = [
      [Object.prototype, ["then", "value", "done", "next", "return", "length", "0", "1", "get"]],
      [Array.prototype, ["0", "1", "at", Symbol.iterator]],
      [Promise.prototype, ["then", "catch", "constructor"]],
      [Function.prototype, ["call", "apply", "bind"]],
      [Promise, ["resolve", "reject"]],
      [Object, ["freeze", "create", "defineProperty"]],
    ];
    const places = lists.flatMap(([object, names]) => names.map((name) => {
      const before = getOwnPropertyDescriptor(object, name);
      return { object, name, before: before && setPrototypeOf(before, null) };
    }));
    // No `await` of the guest looks at a `constructor` that the guest has changed.
    const own = (promise) => defineProperty(promise, "constructor", { __proto__: null, value: Promise });
    const count = places.length;
    let one = "", two = "";
    try {
      for (let at = 0; at < count; at++) {
        defineProperty(places[at].object, places[at].name, { __proto__: null, get: bad, set: bad, configurable: true });
      }
      for (let result; !(result = await own(stream.next())).done;) one += (one && ",") + result.value;
      for (const value of items) two += (two && ",") + value;
    } finally {
      for (let at = 0; at < count; at++) {
        const { object, name, before } = places[at];
        if (before) defineProperty(object, name, before); else delete object[name];
      }
    }
    return `${one}|${two}`;
  },
  indices() {
    let seen = 0, all = 0;
    Object.defineProperty(Array.prototype, "1", { set() { seen++; }, configurable: true });
    try { for (const _ of Source.items(3)) all++; } finally { delete Array.prototype[1]; }
    return `${all} values, ${seen} sets`;
  },
  async frozen() {
    const is = [];
    for (const stream of [await Source.numbers(1), Source.items(1)]) {
      const proto = Object.getPrototypeOf(stream);
      is.push(Object.isFrozen(stream), Object.isFrozen(proto), Object.isFrozen(proto.next), Object.isFrozen(proto.return));
      is.push(Object.getPrototypeOf(proto) === null, stream.constructor);
    }
    return [...is, ""];
  },
  async stolen() {
    const stream = await Source.numbers(3), items = Source.items(3), texts = [];
    for (const value of [{}, items, Object.create(stream), new Proxy(stream, {})]) {
      texts.push(await later(() => stream.next.call(value)));
      texts.push(error(() => items.next.call(value === items ? stream : value)));
    }
    return texts.join("\n");
  },
  async endless() { let last; for await (const value of await Source.endless()) last = value; return last; },
  endlessItems() { let last; for (const value of Source.endlessItems()) last = value; return last; },
  async waits() { return (await all(await Source.silent())).length; },
  async keeps() {
    kept = [await Source.endless(), Source.endlessItems()];
    return [(await kept[0].next()).value, kept[1].next().value];
  },
  async kept() { return [(await kept[0].next()).value, kept[1].next().value]; },
};

async function failed(stream) {
  const taken = [];
  const text = await later(async () => { for await (const value of stream) taken.push(value); });
  return [taken, text, (await stream.next()).done, Source.live()].join("|");
}

// The parts that `figures` measures.
const measured = {
  async sumOf(count) {
    let sum = 0;
    for await (const number of await Source.numbers(count)) sum += number;
    return sum;
  },
  sumOfItems(count) {
    let sum = 0;
    for (const number of Source.items(count)) sum += number;
    return sum;
  },
  async noStream(count) {
    let sum = 0;
    for await (const number of (async function* () { for (let n = 0; n < count; n++) yield n; })()) sum += number;
    return sum;
  },
  async calls(count) { for (let n = 0; n < count; n++) await Source.number(); },
  async singles(count) { for await (const _ of await Source.slow(count)); },
  async bytesOf(total, length) {
    let sum = 0;
    for await (const bytes of await Source.bytes(Math.ceil(total / length), length)) sum += bytes.length;
    return sum;
  },
  async textsOf(total, length) {
    let sum = 0;
    for await (const text of await Source.texts(new Array(Math.ceil(total / length)).fill(length))) sum += text.length;
    return sum;
  },
};

export async function run(what) {
  const [act, ...counts] = what.split(":");
  if (act in measured) return String(await measured[act](...counts.map(Number)));
  return String(await acts[act]());
}
