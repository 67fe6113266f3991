// Freezes what ECMAScript defines. A property of a frozen object could not be assigned on an object that inherits it (the
// override mistake), so each becomes an accessor first, whose setter defines the property on that object. The way of SES:
// https://github.com/endojs/endo/blob/master/packages/ses/docs/secure-coding-guide.md
const { defineProperty } = Reflect;
const { freeze } = Object;
const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";

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
for (const name in hidden) {
  // An engine need not have all of them.
  try {
    push(hidden[name]());
  } catch {}
}
while (queue.length > 0) {
  const object = queue.pop();
  push(getPrototypeOf(object));
  pushAll(object);
}

// Assigns like an ordinary property that is inherited. A setter cannot tell strict code from sloppy, so each refusal throws.
const assign = (receiver, object, key, value) => {
  const known = isObject(receiver) ? getOwnPropertyDescriptor(receiver, key) : { writable: false };
  if (receiver === object || (known !== undefined && !known.writable)) {
    throw new TypeError(`Cannot assign to read only property '${String(key)}' of object`);
  }
  const own = { __proto__: null, value };
  if (known === undefined) own.writable = own.enumerable = own.configurable = true;
  if (!defineProperty(receiver, key, own)) throw new TypeError(`Cannot define property ${String(key)}, object is not extensible`);
};
const assignable = (object, key, value, enumerable) => {
  const { get, set } = getOwnPropertyDescriptor({
    get [key]() { return value; },
    set [key](next) { assign(this, object, key, next); },
  }, key);
  // The packages get-intrinsic and call-bound read the value of such a getter here.
  get.originalValue = value;
  defineProperty(object, key, { __proto__: null, get: freeze(get), set: freeze(set), enumerable, configurable: false });
};

const all = [...seen];
for (const object of all) {
  each(object, (key, { value, writable, configurable, enumerable }) => {
    if (writable && configurable) assignable(object, key, value, enumerable);
  });
}
all.forEach((object) => freeze(object));
each(globalThis, (key, { configurable }) => {
  if (configurable) defineProperty(globalThis, key, { __proto__: null, writable: false, configurable: false });
});
