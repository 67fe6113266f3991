// How values cross. A schema gives a value back as it is. Helpers whose names end in `Input` are for what a guest
// makes, of which more is accepted than a guest is given.

/** A schema that accepts what `check` reports no issue of. A value that contains itself is none. */
function rule(check) {
  const open = new Set();
  return z.unknown().superRefine((value, context) => {
    if (open.has(value)) return refuse(context, value, "a value that does not contain itself");
    const isObject = typeof value === "object" && value !== null;
    if (isObject) open.add(value);
    try {
      check(value, context);
    } finally {
      open.delete(value);
    }
  });
}

function refuse(context, value, expected, path = []) {
  context.addIssue({ code: "custom", message: `expected ${expected}, got ${shown(value)}`, input: value, path });
}

/** Checks a value inside of another. */
function inside(schema, value, context, ...path) {
  const { error } = schema.safeParse(value);
  for (const issue of error?.issues ?? []) context.addIssue({ ...issue, path: [...path, ...issue.path] });
}

function shown(value) {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
    case "bigint":
      return `${value}n`;
    case "object":
      return value === null ? "null" : `an object (${Object.prototype.toString.call(value).slice(8, -1)})`;
    case "function":
    case "symbol":
      return `a ${typeof value}`;
    default:
      return Object.is(value, -0) ? "-0" : String(value);
  }
}

// What an object is, whatever it says of itself: a method of a class throws for what is not of it.

const is = (method, ...given) => (value) => {
  try {
    method.apply(value, given);
    return true;
  } catch {
    return false;
  }
};
const getter = (prototype, name) => Object.getOwnPropertyDescriptor(prototype, name).get;
const isMap = is(Map.prototype.has);
const isSet = is(Set.prototype.has);
const isDate = is(Date.prototype.getTime);
const isArrayBuffer = is(getter(ArrayBuffer.prototype, "byteLength"));
const typedArrayName = getter(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag);
const isTypedArray = (value) => typedArrayName.call(value) !== undefined;
const isDataView = (value) => ArrayBuffer.isView(value) && !isTypedArray(value);
const isError = (value) => Object.prototype.toString.call(value) === "[object Error]" && !(Symbol.toStringTag in value);
const isOpaque = [
  Array.isArray,
  ArrayBuffer.isView,
  isArrayBuffer,
  isMap,
  isSet,
  isDate,
  isError,
  is(getter(RegExp.prototype, "source")),
  is(WeakMap.prototype.has),
  is(WeakSet.prototype.has),
  is(WeakRef.prototype.deref),
  ...[Boolean, Number, String, Symbol, BigInt].map((type) => is(type.prototype.valueOf)),
];
const opaquePrototypes = [
  Promise.prototype,
  globalThis.SharedArrayBuffer?.prototype,
  ...[new Map().entries(), new Set().values()].map(Object.getPrototypeOf),
  ...[function* () {}, async function* () {}].map((generator) => Object.getPrototypeOf(generator.prototype)),
  ...Object.getOwnPropertyNames(globalThis.Intl ?? {}).map((name) => Intl[name].prototype),
].filter(Boolean);

/** An object whose data are its own enumerable properties. */
function isPlain(value) {
  if (typeof value !== "object" || value === null) return false;
  const inherits = (prototype) => Object.prototype.isPrototypeOf.call(prototype, value);
  return !isOpaque.some((test) => test(value)) && !opaquePrototypes.some(inherits);
}

/** The memory of a view or a buffer is still there. */
function isAttached(value) {
  try {
    new Uint8Array(ArrayBuffer.isView(value) ? value.buffer : value);
    return true;
  } catch {
    return false;
  }
}

/** A property that is undefined is absent. */
const propertiesOf = (value) => Object.entries(value).filter(([, item]) => item !== undefined);
const entriesOf = (map) => [...Map.prototype.entries.call(map)];

/** What an array can be read from, as an array; undefined for all else. */
function elementsOf(value) {
  if (Array.isArray(value)) return Array.from({ length: value.length }, (_, index) => value[index]);
  if (isSet(value)) return [...Set.prototype.values.call(value)];
  return isTypedArray(value) && isAttached(value) ? Array.from(value) : undefined;
}

// Simple values.

const isText = (value) => typeof value === "string" && value.isWellFormed();
const isNumeric = (value) => typeof value === "number" || typeof value === "bigint";

/** A Rust regular expression that is none of JavaScript is not checked. */
function expression(pattern) {
  try {
    return new RegExp(pattern, "u");
  } catch {
    return /(?:)/;
  }
}

function text({ minLength = 0, maxLength = Infinity, pattern = "" } = {}) {
  const expected = expression(pattern);
  return rule((value, context) => {
    if (typeof value !== "string") return refuse(context, value, "a string");
    if (!isText(value)) return refuse(context, value, "a string without lone surrogates");
    checkSize([...value].length, minLength, maxLength, "characters", value, context);
    if (!expected.test(value)) refuse(context, value, `a string that matches /${pattern}/`);
  });
}

function checkSize(size, min, max, unit, value, context) {
  if (size < min) refuse(context, value, `at least ${min} ${unit} (not ${size})`);
  if (size > max) refuse(context, value, `at most ${max} ${unit} (not ${size})`);
}

function isMultiple(value, step) {
  if (typeof value === "bigint" && Number.isInteger(Number(step))) return value % BigInt(step) === 0n;
  return Number.isInteger(Number(value) / Number(step));
}

/** NaN is in no range. */
function checkRange(value, limits, context) {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = limits;
  const check = (limit, fits, words) => {
    if (limit !== undefined && !fits) refuse(context, value, `a number ${words} ${limit}`);
  };
  check(minimum, value >= minimum, "of at least");
  check(maximum, value <= maximum, "of at most");
  check(exclusiveMinimum, value > exclusiveMinimum, "above");
  check(exclusiveMaximum, value < exclusiveMaximum, "below");
  check(multipleOf, multipleOf === undefined || isMultiple(value, multipleOf), "that is a multiple of");
}

function number(limits = {}) {
  return rule((value, context) => {
    if (typeof value !== "number") return refuse(context, value, "a number");
    checkRange(value, limits, context);
  });
}

/** A number in the range of f32. */
function float(limits = {}) {
  return rule((value, context) => {
    if (typeof value !== "number") return refuse(context, value, "a number");
    if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) {
      return refuse(context, value, "a number in the range of f32");
    }
    checkRange(value, limits, context);
  });
}

/** Whether an integer is in the range of a Rust type such as `u8`. */
function isOfWidth(value, type) {
  const bits = BigInt(type.slice(1));
  const [min, max] = type[0] === "i" ? [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n] : [0n, 2n ** bits - 1n];
  return value >= min && value <= max;
}

const integers = (name, isInteger) => (type, limits = {}) => rule((value, context) => {
  if (!isInteger(value) || !isOfWidth(value, type)) return refuse(context, value, `${name} in the range of ${type}`);
  checkRange(value, limits, context);
});
const integer = integers("an integer", Number.isInteger);
const bigint = integers("a BigInt", (value) => typeof value === "bigint");
const bigintInput = integers(
  "a BigInt, or an integer up to 2^53 - 1,",
  (value) => typeof value === "bigint" || Number.isSafeInteger(value),
);

/** Undefined or null. */
const nothingInput = rule((value, context) => {
  if (value !== undefined && value !== null) refuse(context, value, "nothing (undefined or null)");
});

const nullable = (schema) => rule((value, context) => {
  if (value !== null) inside(schema, value, context);
});
const nullableInput = (schema) => rule((value, context) => {
  if (value !== null && value !== undefined) inside(schema, value, context);
});

/** Numbers that are no values; a BigInt is the same as a Number. */
const not = (...values) => rule((value, context) => {
  if (values.some((other) => isNumeric(value) ? value == other : value === other)) {
    refuse(context, value, "another value");
  }
});

/** Any data. */
const data = rule((value, context) => {
  if (Array.isArray(value)) {
    elementsOf(value).forEach((item, index) => inside(data, item, context, index));
  } else if (isPlain(value)) {
    for (const [name, item] of propertiesOf(value)) {
      if (!isText(name)) refuse(context, name, "a name without lone surrogates");
      inside(data, item, context, name);
    }
  } else if (typeof value === "string") {
    inside(text(), value, context);
  } else if (typeof value === "object" ? value !== null : ["function", "symbol"].includes(typeof value)) {
    refuse(context, value, "data");
  }
});

// Values of which others are made.

function checkItems(items, schemaOf, { minItems = 0, maxItems = Infinity }, value, context) {
  if (items.length < minItems || items.length > maxItems) {
    return checkSize(items.length, minItems, maxItems, "elements", value, context);
  }
  items.forEach((item, index) => inside(schemaOf(index), item, context, index));
}

const lists = (elements, name) => (item, limits = {}) => rule((value, context) => {
  const items = elements(value);
  if (!items) return refuse(context, value, name);
  checkItems(items, () => item, limits, value, context);
});
const arrayOnly = (value) => Array.isArray(value) ? elementsOf(value) : undefined;
const setOnly = (value) => isSet(value) ? elementsOf(value) : undefined;
const arrayNames = "an array, a Set or a typed array that is still there";
const list = lists(arrayOnly, "an array");
const listInput = lists(elementsOf, arrayNames);
const set = lists(setOnly, "a Set");
const setInput = lists((value) => setOnly(value) ?? arrayOnly(value), "a Set or an array");

const tuples = (elements, name) => (...schemas) => rule((value, context) => {
  const items = elements(value);
  if (items?.length !== schemas.length) {
    return refuse(context, value, `${name} of ${schemas.length} elements`);
  }
  checkItems(items, (index) => schemas[index], {}, value, context);
});
const tuple = tuples(arrayOnly, "an array");
const tupleInput = tuples(elementsOf, arrayNames);

/** The pattern of the names of properties that are integers. */
const isIntegral = (pattern) => pattern === "^\\d+$" || pattern === "^-?\\d+$";

/** One spelling an integer: "01" and "1" are not the same. */
const isCanonical = (name) => String(BigInt(name)) === name;

/** A property that is no field. Those that nobody describes are ignored. */
function checkOther(name, item, { patterns = {}, rest, known = [] }, context) {
  const schemas = Object.entries(patterns).filter(([pattern]) => expression(pattern).test(name) && (!isIntegral(pattern) || isCanonical(name)));
  for (const [, schema] of schemas) inside(schema, item, context, name);
  if (schemas.length > 0 || rest === undefined || known.includes(name)) return;
  if (!(rest instanceof z.ZodNever)) return inside(rest, item, context, name);
  const message = `expected no property ${JSON.stringify(name)}`;
  context.addIssue({ code: "unrecognized_keys", keys: [name], message, input: item });
}

function checkCount(entries, { minProperties = 0, maxProperties = Infinity }, value, context) {
  checkSize(entries.length, minProperties, maxProperties, "properties", value, context);
}

/** A plain object with fields. `others` are `patterns`, `rest` and the names that it has elsewhere (`known`). */
function struct(fields, others = {}) {
  return rule((value, context) => {
    if (!isPlain(value)) return refuse(context, value, "a plain object");
    const properties = propertiesOf(value);
    checkCount(properties, others, value, context);
    const names = new Set(properties.map(([name]) => name));
    for (const [name, schema] of Object.entries(fields)) {
      if (!names.has(name) && !(schema instanceof z.ZodOptional)) {
        const message = "expected a value of this property, which is missing";
        context.addIssue({ code: "invalid_type", expected: "nonoptional", message, input: undefined, path: [name] });
      }
    }
    for (const [name, item] of properties) {
      if (Object.hasOwn(fields, name)) inside(fields[name], item, context, name);
      else checkOther(name, item, others, context);
    }
  });
}

function checkRecord(value, others, context) {
  const properties = propertiesOf(value);
  checkCount(properties, others, value, context);
  for (const [name, item] of properties) {
    if (!isText(name)) refuse(context, name, "a name without lone surrogates");
    checkOther(name, item, others, context);
  }
}

/** A plain object whose properties are all alike. */
const record = (others) => rule((value, context) => {
  if (!isPlain(value)) return refuse(context, value, "a plain object");
  checkRecord(value, others, context);
});

/** A plain object or a Map. The keys of a Map are integers where the names of properties would be. */
const recordInput = (others) => rule((value, context) => {
  if (!isMap(value)) return inside(record(others), value, context);
  const entries = entriesOf(value);
  checkCount(entries, others, value, context);
  const patterns = Object.entries(others.patterns ?? {});
  const ofIntegers = { patterns: Object.fromEntries(patterns.filter(([pattern]) => isIntegral(pattern))), rest: z.never() };
  const ofTexts = { ...others, patterns: Object.fromEntries(patterns.filter(([pattern]) => !isIntegral(pattern))) };
  for (const [key, item] of entries) {
    const isInteger = typeof key === "bigint" || Number.isSafeInteger(key);
    if (isInteger || isText(key)) checkOther(String(key), item, isInteger ? ofIntegers : ofTexts, context);
    else refuse(context, key, "a key that is a string or an integer");
  }
});

function checkEntries(entries, key, item, limits, value, context) {
  const { minItems = 0, maxItems = Infinity, minProperties = 0, maxProperties = Infinity } = limits;
  checkSize(entries.length, minItems, maxItems, "entries", value, context);
  checkSize(entries.length, minProperties, maxProperties, "entries", value, context);
  for (const [name, content] of entries) {
    const step = typeof name === "string" || typeof name === "number" ? name : String(name);
    inside(key, name, context, step);
    inside(item, content, context, step);
  }
}

const map = (key, item, limits = {}) => rule((value, context) => {
  if (!isMap(value)) return refuse(context, value, "a Map");
  checkEntries(entriesOf(value), key, item, limits, value, context);
});

/** A Map, or, if `toKey` makes a key of the name of a property, a plain object. */
const mapInput = (key, item, limits = {}, toKey = undefined) => rule((value, context) => {
  if (isMap(value)) return checkEntries(entriesOf(value), key, item, limits, value, context);
  if (!toKey || !isPlain(value)) return refuse(context, value, toKey ? "a Map or a plain object" : "a Map");
  const entries = propertiesOf(value).map(([name, content]) => [toKey(name), content]);
  checkEntries(entries, key, item, limits, value, context);
});
/** A name that is no integer in its one spelling stays a text, which no schema of integers accepts. */
const integerNamed = (make) => (name) => /^(0|-?[1-9]\d*)$/.test(name) ? make(name) : name;

const byteArrays = (isBytes, name) => (limits = {}) => rule((value, context) => {
  if (!isBytes(value)) return refuse(context, value, name);
  if (!isAttached(value)) return refuse(context, value, "bytes that are still there");
  const { minItems = 0, maxItems = Infinity } = limits;
  checkSize(value.byteLength, minItems, maxItems, "bytes", value, context);
});
const isByteArray = (value) => typedArrayName.call(value) === "Uint8Array";
const isByteSource = (value) => typedArrayName.call(value) === "Uint8ClampedArray" || isArrayBuffer(value) || isDataView(value);
const bytes = byteArrays(isByteArray, "a Uint8Array");
const bytesInput = byteArrays(
  (value) => isByteArray(value) || isByteSource(value),
  "a Uint8Array, a Uint8ClampedArray, an ArrayBuffer or a DataView",
);

const date = rule((value, context) => {
  if (!isDate(value)) return refuse(context, value, "a Date");
  if (Number.isNaN(Date.prototype.getTime.call(value))) refuse(context, value, "a valid Date");
});

const error = rule((value, context) => {
  if (!isError(value)) return refuse(context, value, "an Error");
  inside(text(), value.name, context, "name");
  inside(text(), value.message, context, "message");
});

// Alternatives.

const allOf = (...schemas) => rule((value, context) => {
  for (const schema of schemas) inside(schema, value, context);
});

/** The issues of the one form that the value was meant to have, as its properties or its tag tell. */
function issuesOfMeant(failures) {
  const isOther = ({ path, code }) => path.length === 0 || (path.length === 1 && code === "invalid_value");
  const isMissing = ({ expected, path }) => path.length === 1 && expected === "nonoptional";
  const meant = failures.filter((issues) => !issues.some(isOther));
  const complete = meant.filter((issues) => !issues.some(isMissing));
  return [complete, meant].find((found) => found.length === 1)?.[0];
}

const alternatives = (fits, words) => (...schemas) => rule((value, context) => {
  const failures = schemas.map((schema) => schema.safeParse(value).error?.issues).filter(Boolean);
  const count = schemas.length - failures.length;
  if (fits(count)) return;
  const meant = count === 0 ? issuesOfMeant(failures) : undefined;
  if (meant) return meant.forEach((issue) => context.addIssue(issue));
  const message = `expected ${words} of ${schemas.length} forms, got ${shown(value)}, which has ${count || "none"}`;
  context.addIssue({ code: "invalid_union", errors: failures, message, input: value });
});
const anyOf = alternatives((count) => count > 0, "any");
const oneOf = alternatives((count) => count === 1, "exactly one");
