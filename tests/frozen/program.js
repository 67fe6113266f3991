// Does to each property of each intrinsic all that a script can do with it. `probe(touches)` returns a line for each property: the
// path, and the outcome of each operation on objects that inherit it. With `touches`, operations on the intrinsic itself come first.
const { defineProperty, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys, set } = Reflect;
const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";

// A getter with `originalValue` stands for a data property.
const descriptor = (object, key) => {
  const found = getOwnPropertyDescriptor(object, key);
  if (found?.get === undefined || !Object.hasOwn(found.get, "originalValue")) return found;
  return { value: found.get.originalValue, writable: true, enumerable: found.enumerable, configurable: found.configurable };
};

const hidden = {
  "%TypedArray%": () => getPrototypeOf(Int8Array),
  "%TypedArray%.prototype": () => getPrototypeOf(Int8Array.prototype),
  "%GeneratorFunction.prototype%": () => getPrototypeOf(function* () {}),
  "%GeneratorPrototype%": () => getPrototypeOf(function* () {}.prototype),
  "%AsyncFunction.prototype%": () => getPrototypeOf(async () => {}),
  "%AsyncGeneratorFunction.prototype%": () => getPrototypeOf(async function* () {}),
  "%AsyncGeneratorPrototype%": () => getPrototypeOf(async function* () {}.prototype),
  "%AsyncIteratorPrototype%": () => getPrototypeOf(getPrototypeOf(async function* () {}.prototype)),
  "%ArrayIteratorPrototype%": () => getPrototypeOf([].values()),
  "%MapIteratorPrototype%": () => getPrototypeOf(new Map().entries()),
  "%SetIteratorPrototype%": () => getPrototypeOf(new Set().values()),
  "%StringIteratorPrototype%": () => getPrototypeOf(""[Symbol.iterator]()),
  "%RegExpStringIteratorPrototype%": () => getPrototypeOf("".matchAll(/./g)),
  "%WrapForValidIteratorPrototype%": () => getPrototypeOf(Iterator.from({ next() {} })),
  "%IteratorHelperPrototype%": () => getPrototypeOf([].values().map((value) => value)),
  "%SegmentsPrototype%": () => getPrototypeOf(new Intl.Segmenter().segment("")),
  "%SegmentIteratorPrototype%": () => getPrototypeOf(new Intl.Segmenter().segment("")[Symbol.iterator]()),
  "%ThrowTypeError%": () => getOwnPropertyDescriptor((function () { return arguments; })(), "callee").get,
};

const name = (key) => (typeof key === "string" ? key : key.description);

// All intrinsics with their paths. An engine need not have all that are hidden.
export const intrinsics = () => {
  const paths = new Map();
  const push = (value, path) => {
    if (isObject(value) && value !== globalThis && !paths.has(value)) paths.set(value, path);
  };
  for (const key of ownKeys(globalThis)) push(globalThis[key], name(key));
  for (const key of ownKeys(globalThis)) push(globalThis[key]?.prototype, `${name(key)}.prototype`);
  // Before what a global leads to: a hidden object has a name of its own.
  for (const [path, make] of Object.entries(hidden)) {
    try { push(make(), path); } catch { continue; }
  }
  // A Map shows its iterator what is added meanwhile.
  for (const [object, path] of paths) {
    push(getPrototypeOf(object), `${path}.__proto__`);
    for (const key of ownKeys(object)) {
      if (isMatch(object, key)) continue;
      const { value, get, set } = descriptor(object, key);
      push(value, `${path}.${name(key)}`);
      push(get, `${path}.${name(key)}<get>`);
      push(set, `${path}.${name(key)}<set>`);
    }
  }
  return paths;
};

// `RegExp.$1` and its like are no part of a frozen realm.
const isMatch = (object, key) => object === RegExp && typeof key === "string" && descriptor(RegExp, key).get !== undefined;

// Assignments by name, as scripts write them. Each text is compiled once.
const written = new Map();
const assignment = (key, directive) => {
  const text = `${directive}return (object, value) => { object.${key} = value; }`;
  if (!written.has(text)) written.set(text, Function(text)());
  return written.get(text);
};
const keyed = Function("return (object, key, value) => { object[key] = value; }")();
const isName = (key) => typeof key === "string" && /^[a-z_$][\w$]*$/i.test(key);
const strict = (object, key, value) => {
  if (isName(key)) assignment(key, "'use strict';")(object, value);
  else object[key] = value;
};
const sloppy = (object, key, value) => {
  if (isName(key)) assignment(key, "")(object, value);
  else keyed(object, key, value);
};
const viaSuper = (home, receiver, key, value) => {
  const owner = { __proto__: home, assign() { super[key] = value; } };
  owner.assign.call(receiver);
};
const field = (object, key, value) => {
  const Base = function () { return object; };
  new (class extends Base { [key] = value; })();
};
const all = { writable: true, enumerable: true, configurable: true };

// Each operation gets an object that inherits from the intrinsic, the intrinsic, the key and a value. The object that it
// returns is looked at, else the first.
const inherited = {
  strict: (heir, _, key, value) => strict(heir, key, value),
  sloppy: (heir, _, key, value) => sloppy(heir, key, value),
  reflect: (heir, _, key, value) => set(heir, key, value),
  assign: (heir, _, key, value) => void Object.assign(heir, { [key]: value }),
  super: (heir, object, key, value) => viaSuper(object, heir, key, value),
  field: (heir, _, key, value) => field(heir, key, value),
  define: (heir, _, key, value) => defineProperty(heir, key, { value, ...all }),
  literal: (heir, object, key, value) => ({ __proto__: object, [key]: value }),
  proxy: (heir, _, key, value) => set(new Proxy(heir, {}), key, value),
  receiver: (heir, object, key, value) => set(object, key, value, heir),
  behindProxy: (heir, object, key, value) => {
    const second = Object.create(new Proxy(object, {}));
    strict(second, key, value);
    return second;
  },
  primitive: (heir, object, key, value) => set(object, key, value, 1),
  frozenStrict: (heir, _, key, value) => strict(Object.freeze(heir), key, value),
  frozenSloppy: (heir, _, key, value) => sloppy(Object.freeze(heir), key, value),
  frozenReflect: (heir, _, key, value) => set(Object.freeze(heir), key, value),
  ownConstant: (heir, object, key, value) => {
    defineProperty(heir, key, { value: 0, configurable: true });
    viaSuper(object, heir, key, value);
  },
};

// What a script can try on the intrinsic, with the outcome that a frozen object gives.
const own = {
  strict: [(object, key, value) => strict(object, key, value), "TypeError"],
  sloppy: [(object, key, value) => sloppy(object, key, value), "undefined"],
  reflect: [(object, key, value) => set(object, key, value), "false"],
  reflectAway: [(object, key, value) => set({}, key, value, object), "false"],
  assign: [(object, key, value) => Object.assign(object, { [key]: value }), "TypeError"],
  super: [(object, key, value) => viaSuper(Object.create(object), object, key, value), "TypeError"],
  proxy: [(object, key, value) => set(new Proxy(object, {}), key, value), "false"],
  field: [(object, key, value) => field(object, key, value), "TypeError"],
  define: [(object, key, value) => Object.defineProperty(object, key, { value }), "TypeError"],
  defineConstant: [(object, key, value) => defineProperty(object, key, { value, writable: false }), "false"],
  defineAll: [(object, key, value) => Object.defineProperties(object, { [key]: { value } }), "TypeError"],
  getter: [(object, key) => defineProperty(object, key, { get() {} }), "false"],
  delete: [(object, key) => delete object[key], "TypeError"],
  reflectDelete: [(object, key) => deleteProperty(object, key), "false"],
};

// What is refused for accessors, too.
const refusedToAll = ["getter", "delete", "reflectDelete", "field"];

// What a script can ask for and may be given, if nobody else notices.
const harmless = [
  (object, key) => defineProperty(object, key, { writable: false }),
  (object, key) => defineProperty(new Proxy(object, {}), key, { writable: false }),
  (object, key) => Object.defineProperty(object, key, { writable: false }),
  (object, key) => Object.defineProperties(object, { [key]: { writable: false } }),
  (object, key) => Object.defineProperties(new Proxy(object, {}), { [key]: { writable: false } }),
  (object, key) => defineProperty(object, { [Symbol.toPrimitive]: () => key }, { get writable() { return false; } }),
  (object, key) => defineProperty(object, key, { value: object[key], writable: false }),
  (object) => Object.freeze(object),
  (object) => Object.freeze(new Proxy(object, {})),
  (object) => Object.freeze(new Proxy(new Proxy(object, {}), {})),
  (object) => Object.seal(object),
  (object) => Object.preventExtensions(object),
  (object, key) => object.__defineGetter__?.(key, () => 1),
];

// The setters of accessors cannot tell who asks, and throw.
const isLoud = getOwnPropertyDescriptor(Object.prototype, "toString").get !== undefined;

const attempt = (act) => {
  try {
    return act();
  } catch (error) {
    return error instanceof TypeError ? "TypeError" : `${error}`;
  }
};
const shown = (result, object, key, value) => {
  const found = getOwnPropertyDescriptor(object, key);
  if (found === undefined) return `${result}`;
  const flags = ["writable", "enumerable", "configurable"].map((flag) => (found[flag] ? flag[0] : "-")).join("");
  return `${result}/${found.value === value ? "own" : "other"}:${flags}`;
};

const touch = (path, object, key, problems) => {
  const before = descriptor(object, key);
  const isData = "value" in before;
  const value = valueFor(key);
  for (const [name, [act, expected]] of Object.entries(own)) {
    // An assignment to the number of frames is ignored.
    if (object === Error && key === "stackTraceLimit" && !refusedToAll.includes(name)) {
      attempt(() => act(object, key, value));
      continue;
    }
    if (!isData && !refusedToAll.includes(name)) continue;
    const outcome = attempt(() => act(object, key, value));
    if (`${outcome}` !== expected && !(outcome === "TypeError" && isLoud)) problems.push(`${path}\t${name}: ${String(outcome)}, and not ${expected}`);
  }
  harmless.forEach((act) => attempt(() => act(object, key)));
  const after = descriptor(object, key);
  for (const part of ["value", "get", "set", "writable", "enumerable", "configurable"]) {
    if (!Object.is(before[part], after?.[part])) problems.push(`${path}\tthe ${part} changed`);
  }
};

const tell = (object, key) =>
  Object.entries(inherited).map(([name, act]) => {
    const heir = Object.create(object);
    const value = valueFor(key);
    const result = attempt(() => act(heir, object, key, value));
    const looked = isObject(result) ? result : heir;
    return `${name}=${shown(isObject(result) ? "" : result, looked, key, value)}`;
  }).join(" ");

// A number is a length of an array, too.
const valueFor = (key) => (key === "length" ? 5003 : { mine: true });

const kind = (object, key) => {
  const { value, get, set, enumerable } = descriptor(object, key);
  if (get !== undefined || set !== undefined) return "accessor";
  return `${isObject(value) ? typeof value : encodeURIComponent(String(value))}${enumerable ? "+" : ""}`;
};

export function probe(touches) {
  const [lines, problems] = [[], []];
  const paths = [...intrinsics()];
  if (touches) {
    for (const [object, path] of paths) {
      if (!Object.isFrozen(object)) problems.push(`${path}\tis not frozen`);
      if (Reflect.isExtensible(object)) problems.push(`${path}\tis extensible`);
      if (attempt(() => { object.added = 1; }) !== "TypeError") problems.push(`${path}\ta property can be added`);
      if (attempt(() => Object.defineProperty(object, 0, { value: 1 })) !== "TypeError") problems.push(`${path}\tan element can be added`);
      if (Reflect.setPrototypeOf(object, { __proto__: null })) problems.push(`${path}\tthe prototype can be replaced`);
      for (const key of ownKeys(object)) touch(`${path}\t${name(key)}`, object, key, problems);
    }
    for (const key of ownKeys(globalThis)) {
      if (isObject(globalThis[key]) && key !== "globalThis") touch(`globalThis\t${name(key)}`, globalThis, key, problems);
    }
  }
  for (const [object, path] of paths) {
    for (const key of ownKeys(object)) {
      if (isMatch(object, key)) continue;
      lines.push(`${path}\t${name(key)}\tkind=${kind(object, key)} ${tell(object, key)}`);
    }
  }
  return [lines.join("\n"), problems.join("\n")];
}
