// Intl has constructors and hidden objects of its own; legacy ones put a symbol on what they are called on.
// quickjs: skip — it has hardly any Intl
export const attack = () => { const found = [Intl, Intl.NumberFormat, new Intl.DateTimeFormat(), new Intl.Collator().compare, new Intl.Segmenter('en').segment('a b'), new Intl.Segmenter('en').segment('a b')[Symbol.iterator]()]; const legacy = Intl.DateTimeFormat.call(Object.create(Intl.DateTimeFormat.prototype)); return $all([...found, legacy, ...Object.getOwnPropertySymbols(legacy).map((key) => legacy[key])], 'intl'); };
