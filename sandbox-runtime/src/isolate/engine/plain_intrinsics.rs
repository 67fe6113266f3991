//! The table of the intrinsics that stay ordinary properties in a frozen realm.
//!
//! A frozen property that is inherited cannot be assigned on the object that inherits it: the *override mistake* of
//! ECMAScript. In a frozen realm the properties of intrinsics are made assignable by an accessor of V8 (`realm::frozen`).
//! A read of such a property calls a C++ function, which takes some 15 ns, and V8 gives up shortcuts for some objects. So
//! the properties of this table are plain: read as fast as in an open realm, and not assignable on objects that inherit
//! them. A class body, an object literal and `Object.defineProperty` define them as ever.

use serde_json::{Value, json};

/// The properties of one object that are plain.
pub(crate) enum Constants {
    /// These.
    Only(&'static [&'static str]),
    /// All but these.
    AllBut(&'static [&'static str]),
}

use Constants::{AllBut, Only};

const ALL: Constants = AllBut(&[]);

/// Objects by name, with their plain properties. A name in `%` is one of `intrinsics.js`; `@@` begins the name of a symbol.
///
/// The plain properties are those that scripts read in loops. Compiled code contains no call of an assignable function, but
/// reads the property first. An object whose properties are [`ALL`] plain is fastest: frozen as a whole, each of its
/// functions stays a constant for compilers. So `String.prototype` and the iterators have no exception, and an array's methods
/// have one that costs little. Libraries assign `bind` on functions (lodash), and the methods of typed arrays
/// on buffers (old versions of the package buffer), so those are not plain. An `instanceof` of an object with assignable properties is
/// slower, which zod shows by `Promise`.
pub(crate) const TABLE: &[(&str, Constants)] = &[
    (
        "Array.prototype",
        Only(&[
            "length",
            "at",
            "concat",
            "entries",
            "every",
            "fill",
            "filter",
            "find",
            "findIndex",
            "forEach",
            "includes",
            "indexOf",
            "join",
            "keys",
            "map",
            "pop",
            "push",
            "reduce",
            "reduceRight",
            "shift",
            "slice",
            "some",
            "sort",
            "splice",
            "unshift",
            "values",
            "@@iterator",
        ]),
    ),
    ("%TypedArray%.prototype", Only(&["@@iterator"])),
    ("DataView.prototype", ALL),
    ("Promise", ALL),
    ("RegExp.prototype", AllBut(&["constructor", "toString"])),
    (
        "Map.prototype",
        Only(&["delete", "entries", "forEach", "get", "has", "keys", "set", "values", "@@iterator"]),
    ),
    ("Set.prototype", Only(&["add", "delete", "entries", "forEach", "has", "keys", "values", "@@iterator"])),
    ("String.prototype", ALL),
    ("Number.prototype", ALL),
    ("Boolean.prototype", ALL),
    ("Date.prototype", AllBut(&["constructor", "toString", "toLocaleString", "toJSON"])),
    ("Function.prototype", Only(&["apply", "call"])),
    ("%ArrayIteratorPrototype%", ALL),
    ("%MapIteratorPrototype%", ALL),
    ("%SetIteratorPrototype%", ALL),
    ("%StringIteratorPrototype%", ALL),
    ("%RegExpStringIteratorPrototype%", ALL),
    ("%GeneratorPrototype%", Only(&["next"])),
    ("Array", ALL),
    ("BigInt", ALL),
    ("Number", ALL),
    ("Object", ALL),
    ("String", ALL),
    ("Symbol", ALL),
    ("Atomics", ALL),
    ("Intl", ALL),
    ("JSON", ALL),
    ("Math", ALL),
    ("Reflect", ALL),
];

/// The table as rows of a name, whether the properties that follow are those that are plain, and the properties.
///
/// Where the script of [`super::bootstrap`] does not run, all properties of an object in the table are plain. Neither can
/// V8 call a getter there for the number of frames of an error.
pub(crate) fn rows() -> Value {
    let row = |(name, plain): &(&str, Constants)| match plain {
        _ if !super::bootstrap::RUNS => json!([name, false, []]),
        Only(keys) => json!([name, true, keys]),
        AllBut(keys) => json!([name, false, keys]),
    };
    let error = (!super::bootstrap::RUNS).then(|| json!(["Error", false, []]));
    TABLE.iter().map(row).chain(error).collect()
}
