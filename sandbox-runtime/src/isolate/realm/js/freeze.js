"use strict";
// Freezes what ECMAScript defines. A property of a frozen prototype could not be assigned on an object that inherits it (the
// override mistake), so each becomes an accessor first, whose setter defines the property on that object. The way of SES:
// https://github.com/endojs/endo/blob/master/packages/ses/docs/secure-coding-guide.md
const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
const { freeze } = Object;
const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";

// Intrinsics that are reached from syntax or from a call alone. An engine need not have all of them.
const hidden = [
  () => function () {},
  () => function* () {},
  () => async () => {},
  () => async function* () {},
  () => (function* () {})(),
  () => (async function* () {})(),
  () => [].values(),
  () => new Map().entries(),
  () => new Set().values(),
  () => ""[Symbol.iterator](),
  () => "".matchAll(/./g),
  () => Iterator.from({ next() {} }),
  () => [].values().map((value) => value),
  () => new Intl.Segmenter().segment(""),
  () => new Intl.Segmenter().segment("")[Symbol.iterator](),
  () => getOwnPropertyDescriptor((function () { return arguments; })(), "callee").get,
].map((make) => {
  try {
    const value = make();
    return typeof value === "function" ? value : getPrototypeOf(value);
  } catch {
    return null;
  }
});

// `RegExp.$1` and its like tell one script what another has matched.
for (const key of ownKeys(RegExp)) {
  if (typeof key === "string" && getOwnPropertyDescriptor(RegExp, key).get !== undefined) delete RegExp[key];
}

const seen = new Set();
const queue = [];
const push = (value) => {
  if (!isObject(value) || value === globalThis || seen.has(value)) return;
  seen.add(value);
  queue.push(value);
};
const each = (object, visit) => {
  for (const key of ownKeys(object)) visit(key, getOwnPropertyDescriptor(object, key));
};
const pushAll = (object) => each(object, (_, { value, get, set }) => [value, get, set].forEach(push));
pushAll(globalThis);
hidden.forEach(push);
while (queue.length > 0) {
  const object = queue.pop();
  push(getPrototypeOf(object));
  pushAll(object);
}

// What something may inherit from: constructors, prototypes, and namespaces such as `Math`.
const isInherited = (object) => typeof object === "function" ||
  getOwnPropertyDescriptor(object, "constructor") !== undefined ||
  getOwnPropertyDescriptor(object, Symbol.toStringTag) !== undefined;
const assignable = (object, key, value) => {
  const { get, set } = getOwnPropertyDescriptor({
    get [key]() { return value; },
    set [key](next) {
      if (!isObject(this) || this === object) throw new TypeError(`Cannot assign to read only property '${String(key)}' of a frozen object`);
      const own = { __proto__: null, value: next, writable: true, enumerable: true, configurable: true };
      if (!defineProperty(this, key, own)) throw new TypeError(`Cannot define property ${String(key)}, object is not extensible`);
    },
  }, key);
  defineProperty(object, key, { __proto__: null, get: freeze(get), set: freeze(set), enumerable: false, configurable: false });
};

const all = [...seen];
for (const object of all) {
  if (!isInherited(object)) continue;
  each(object, (key, { value, writable, configurable, enumerable }) => {
    if (writable && configurable && !enumerable) assignable(object, key, value);
  });
}
all.forEach((object) => freeze(object));
each(globalThis, (key, { configurable }) => {
  if (configurable) defineProperty(globalThis, key, { __proto__: null, writable: false, configurable: false });
});
