// Walks all intrinsics, and returns how each is reached and what is done with it, as JSON.
const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";
const plain = new Map();
table(rows, (object, isPlain) => plain.set(object, isPlain));

const keys = new Map();
const index = (key) => {
  const name = text(key);
  if (name === undefined) throw new Error("an intrinsic has a symbol that is not well known");
  if (!keys.has(name)) keys.set(name, keys.size);
  return keys.get(name);
};

// Each object as its parent, the key there, and what of the property it is.
const [GLOBAL, HIDDEN] = [-1, -2];
const [VALUE, GETTER, SETTER, PROTOTYPE] = [0, 1, 2, 3];
const seen = new Set();
const order = [];
const steps = [];
const push = (value, parent, key, via) => {
  if (!isObject(value) || value === globalThis || seen.has(value)) return;
  seen.add(value);
  order.push(value);
  steps.push([parent, index(key), via, false]);
};

const globals = [];
for (const key of ownKeys(globalThis)) {
  if (contracts.includes(key)) continue;
  if (getOwnPropertyDescriptor(globalThis, key).configurable) globals.push(index(key));
  push(globalThis[key], GLOBAL, key, VALUE);
}
for (const name in hidden) push(hidden[name](), HIDDEN, name, VALUE);

// `RegExp.$1` and its like tell one script what another has matched.
const legacy = ownKeys(RegExp).filter((key) => typeof key === "string" && getOwnPropertyDescriptor(RegExp, key).get !== undefined);

const assignable = [];
for (let at = 0; at < order.length; at++) {
  const object = order[at];
  push(getPrototypeOf(object), at, "", PROTOTYPE);
  for (const key of ownKeys(object)) {
    if (object === RegExp && legacy.includes(key)) continue;
    const { value, get, set, writable, configurable, enumerable } = getOwnPropertyDescriptor(object, key);
    push(value, at, key, VALUE);
    push(get, at, key, GETTER);
    push(set, at, key, SETTER);
    if (writable && configurable && !plain.get(object)?.(key)) {
      assignable.push([at, index(key), enumerable, object === Error && key === "stackTraceLimit"]);
      steps[at][3] = true;
    }
  }
}
const removed = legacy.map(index);
return JSON.stringify({ keys: [...keys.keys()], steps, assignable, globals, legacy: removed });
