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
/// The reasons are these. V8 watches `constructor`, `next`, `then`, `resolve` and some symbols on the objects of arrays,
/// promises, regular expressions and iterators, and leaves its shortcuts for good when one changes. Methods of arrays, maps,
/// sets, texts, numbers and dates are read in loops. Nothing inherits from a namespace.
pub(crate) const TABLE: &[(&str, Constants)] = &[
    ("Array.prototype", AllBut(&["toString", "toLocaleString"])),
    ("%TypedArray%.prototype", ALL),
    ("Promise", ALL),
    ("Promise.prototype", ALL),
    ("RegExp", ALL),
    ("RegExp.prototype", ALL),
    ("Map.prototype", AllBut(&["constructor"])),
    ("Set.prototype", AllBut(&["constructor"])),
    ("String.prototype", ALL),
    ("Number.prototype", ALL),
    ("Boolean.prototype", ALL),
    (
        "Date.prototype",
        AllBut(&["constructor", "toString", "toLocaleString", "toJSON", "valueOf", "@@toPrimitive"]),
    ),
    ("Function.prototype", Only(&["apply", "bind", "call", "@@hasInstance"])),
    ("%IteratorPrototype%", ALL),
    ("%ArrayIteratorPrototype%", ALL),
    ("%MapIteratorPrototype%", ALL),
    ("%SetIteratorPrototype%", ALL),
    ("%StringIteratorPrototype%", ALL),
    ("%RegExpStringIteratorPrototype%", ALL),
    ("%GeneratorPrototype%", ALL),
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
