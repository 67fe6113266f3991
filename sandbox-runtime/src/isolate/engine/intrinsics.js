// Intrinsics without a name in the global scope, each made when it is asked for; and the table of plain properties.
const { getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
const hidden = {
  __proto__: null,
  "%TypedArray%": () => getPrototypeOf(Int8Array),
  "%GeneratorFunctionPrototype%": () => getPrototypeOf(function* () {}),
  "%GeneratorPrototype%": () => getPrototypeOf(function* () {}.prototype),
  "%AsyncFunctionPrototype%": () => getPrototypeOf(async () => {}),
  "%AsyncGeneratorFunctionPrototype%": () => getPrototypeOf(async function* () {}),
  "%IteratorPrototype%": () => getPrototypeOf(getPrototypeOf([].values())),
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
const named = (path) => {
  const [first, ...rest] = path.split(".");
  return rest.reduce((object, key) => object[key], first in hidden ? hidden[first]() : globalThis[first]);
};
// The text that stands for a key.
const symbols = new Map(ownKeys(Symbol).map((key) => [Symbol[key], `@@${String(key)}`]));
const text = (key) => (typeof key === "string" ? key : symbols.get(key));
// Calls `visit` with each object of the table, and with the test whether a key is plain.
const table = (rows, visit) => {
  for (const [path, only, keys] of rows) visit(named(path), (key) => keys.includes(text(key)) === only, keys.length === 0);
};
