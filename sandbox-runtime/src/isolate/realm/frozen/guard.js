// The functions that define properties and freeze, for the case that their object is an intrinsic with assignable properties, or
// a proxy of one. `target` is that intrinsic. A definition that would make such a property read-only is refused.
const { defineProperty, getOwnPropertyDescriptor, ownKeys } = Reflect;
const { defineProperty: defineOrThrow } = Object;
const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";

// What a script passes is read once, for it can answer differently when it is read again.
const keyOf = (key) => ownKeys({ [key]: 0 })[0];
const fields = ["enumerable", "configurable", "value", "writable", "get", "set"];
const copyOf = (attributes) => {
  if (!isObject(attributes)) throw new TypeError(`Property description must be an object: ${String(attributes)}`);
  const copy = { __proto__: null };
  for (const field of fields) if (field in attributes) copy[field] = attributes[field];
  return copy;
};
const isRefused = (target, key, copy) =>
  "writable" in copy && !copy.writable && getOwnPropertyDescriptor(target, key)?.writable === true;
const define = (target, object, key, copy) => {
  if (isRefused(target, key, copy)) throw new TypeError(`Cannot redefine property: ${String(key)}`);
  return defineOrThrow(object, key, copy);
};

return [
  (target, object, key, attributes) => define(target, object, keyOf(key), copyOf(attributes)),
  (target, object, properties) => {
    const source = properties === undefined || properties === null ? ownKeys(properties) : Object(properties);
    const copies = [];
    for (const key of ownKeys(source)) {
      if (getOwnPropertyDescriptor(source, key)?.enumerable) copies.push([key, copyOf(source[key])]);
    }
    for (const [key, copy] of copies) define(target, object, key, copy);
    return object;
  },
  (target, object) => object,
  (target, object, key, attributes) => {
    const [name, copy] = [keyOf(key), copyOf(attributes)];
    return !isRefused(target, name, copy) && defineProperty(object, name, copy);
  },
];
