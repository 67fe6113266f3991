"use strict";
// `structuredClone`. A program that runs after code of the guest: nothing is looked up on an intrinsic.
//
// The copy is made from the objects themselves, and not from bytes: a text is shared, so no copy takes memory beyond the
// guest's heap and buffers, and a loop ends within the guest's limits.
const { raise } = use("dom");
// The kinds of objects, as `kind` numbers them.
const OTHER = 0, PLAIN = 1, LIST = 2, WRAPPED = 3, DATE = 4, REGEXP = 5, BUFFER = 6, VIEW = 7, MAP = 8, SET = 9, ERROR = 10;
const errors = { __proto__: null, EvalError: 1, RangeError: 1, ReferenceError: 1, SyntaxError: 1, TypeError: 1, URIError: 1 };
const refuse = (value) => raise(`${describe(value)} could not be cloned.`, "DataCloneError");

const members = (value, into, memory) => {
  const names = keys(value);
  const count = names.length;
  for (let i = 0; i < count; i++) {
    if (own(value, names[i])) define(into, names[i], clone(value[names[i]], memory));
  }
  return into;
};

const copied = (value, memory) => {
  const items = entries(value);
  const count = items.length;
  const isMap = kind(value) === MAP;
  const into = remember(memory, value, isMap ? map() : set());
  for (let i = 0; i < count; i += isMap ? 2 : 1) {
    const item = clone(items[i], memory);
    if (isMap) put(into, item, clone(items[i + 1], memory));
    else add(into, item);
  }
  return into;
};

const failed = (value, memory) => {
  const name = `${value.name}`;
  const message = own(value, "message") ? `${value.message}` : undefined;
  const into = remember(memory, value, error(name in errors ? name : "Error", message));
  if (own(value, "cause")) hide(into, "cause", clone(value.cause, memory));
  const stack = value.stack;
  if (typeof stack === "string") hide(into, "stack", stack);
  return into;
};

const remember = (memory, value, into) => {
  put(memory, value, into);
  return into;
};

const clone = (value, memory) => {
  if (typeof value === "symbol" || typeof value === "function") refuse(value);
  if (typeof value !== "object" || value === null) return value;
  const known = find(memory, value);
  if (known !== undefined) return known;
  const is = kind(value);
  switch (is) {
    case PLAIN:
      return members(value, remember(memory, value, {}), memory);
    case LIST: {
      const into = remember(memory, value, []);
      into.length = value.length;
      return members(value, into, memory);
    }
    case MAP:
    case SET:
      return copied(value, memory);
    case ERROR:
      return failed(value, memory);
    case VIEW: {
      const whole = buffer(value);
      return remember(memory, value, view(value, clone(whole, memory)));
    }
    case OTHER:
      return refuse(value);
    default: {
      const into = leaf(value, is);
      return into === undefined ? refuse(value) : remember(memory, value, into);
    }
  }
};

// New buffers over the memory of those to be transferred, which lose it when all has been cloned.
const transferred = (list, memory) => {
  let given = null;
  for (const item of list) {
    if (typeof item !== "object" || item === null) fail("`transfer` is a list of objects");
    const isBuffer = kind(item) === BUFFER;
    if (!isBuffer || find(memory, item) !== undefined) raise("a value of `transfer` cannot be transferred", "DataCloneError");
    const into = twin(item);
    if (into === undefined) raise("a buffer of `transfer` is detached", "DataCloneError");
    put(memory, item, into);
    given = { __proto__: null, item, next: given };
  }
  return given;
};

const { structuredClone } = {
  structuredClone(value, options = undefined) {
    if (arguments.length === 0) fail("structuredClone takes a value");
    const memory = map();
    const isBag = typeof options === "object" || typeof options === "function";
    if (!isBag && options !== undefined) fail("the options of structuredClone are an object");
    const list = options?.transfer;
    const given = list === undefined ? null : transferred(list, memory);
    const into = clone(value, memory);
    for (let at = given; at !== null; at = at.next) detach(at.item);
    return into;
  },
};
return { __proto__: null, structuredClone };
