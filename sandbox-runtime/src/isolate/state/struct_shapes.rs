//! Functions of a realm that make and take apart objects of known fields.
//!
//! Each realm has one [`StructShapes`]. `values::shapes` finds the current realm's, and makes objects with it and takes
//! them apart.
//!
//! Through V8's API, each definition or read of a property looks up the name. In JavaScript, an object literal has its shape
//! from the start. A property is read at a known offset once the reader was called a few times. The functions are compiled
//! in the realm when a form was met a few times. The functions belong to the host, and no guest can reach them. They see the
//! values, and `Object.keys` as it was before any guest ran. An object with other fields, or in another order, is read one
//! property at a time.

use std::borrow::Borrow;
use std::cell::RefCell;
use std::fmt::Write as _;
use std::hash::{Hash, Hasher};

use deno_core::v8;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::isolate::engine::compile::{compile_function, get};
use crate::isolate::engine::text::js_string;
use crate::isolate::{engine, shim};
use crate::stack::StackEnd;

/// From this object on, a compiled function is faster.
const MET: u32 = 4;
/// The numbers of fields for which functions are made.
const FIELDS: std::ops::RangeInclusive<usize> = 3..=64;
/// How many functions of each kind a realm keeps.
const MOST: usize = 256;

/// The name of a field. The name is `'static`, so two names are equal when their addresses are.
#[derive(Clone, Copy)]
pub(in crate::isolate) struct PropertyName(pub(in crate::isolate) &'static str);

impl PartialEq for PropertyName {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for PropertyName {}

impl Hash for PropertyName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.as_ptr().addr().hash(state);
    }
}

/// The names and values of an object that is being made.
pub(in crate::isolate) type Names = SmallVec<[PropertyName; 12]>;
pub(in crate::isolate) type Values<'s> = SmallVec<[v8::Local<'s, v8::Value>; 12]>;

/// A function, if it is compiled yet.
enum StructShape {
    Met(u32),
    Made(v8::Global<v8::Function>),
    /// The function cannot be compiled.
    Never,
}

/// The compiled functions of a realm.
pub(crate) struct StructShapes {
    keys: v8::Global<v8::Function>,
    makers: RefCell<FxHashMap<Names, StructShape>>,
    /// By the address and the length of the list of names.
    takers: RefCell<FxHashMap<(usize, usize), StructShape>>,
}

impl StructShapes {
    /// Captures the functions that are needed from the current realm, before a guest can change it.
    pub(crate) fn of(scope: &v8::PinScope<'_, '_>) -> Option<Self> {
        let object = get(scope, scope.get_current_context().global(scope), "Object")?;
        let keys = get(scope, object.try_cast::<v8::Object>().ok()?, "keys")?;
        let keys = v8::Global::new(scope, keys.try_cast::<v8::Function>().ok()?);
        Some(Self { keys, makers: RefCell::default(), takers: RefCell::default() })
    }

    /// Whether there may be functions for objects of so many fields.
    #[inline]
    pub(in crate::isolate) fn may_have(fields: usize) -> bool {
        engine::HAS_FORMS && FIELDS.contains(&fields)
    }

    /// The function that makes an object of these fields, if there is one. Compilation needs room above `stack`.
    pub(in crate::isolate) fn maker<'s>(
        &self,
        scope: &v8::PinScope<'s, '_>,
        stack: StackEnd,
        names: &Names,
    ) -> Option<v8::Local<'s, v8::Function>> {
        let own = (names.as_slice(), || names.clone());
        self.function((scope, stack), &self.makers, own, || maker(names))
    }

    /// The function that gives the values of an object's fields, if there is one.
    pub(in crate::isolate) fn taker<'s>(
        &self,
        scope: &v8::PinScope<'s, '_>,
        stack: StackEnd,
        fields: &'static [&'static str],
    ) -> Option<v8::Local<'s, v8::Function>> {
        let place = (fields.as_ptr().addr(), fields.len());
        self.function((scope, stack), &self.takers, (&place, || place), || taker(fields))
    }

    /// The function of a form, which is compiled once the form was met often enough.
    fn function<'s, K: Eq + Hash + Borrow<Q>, Q: ?Sized + Eq + Hash>(
        &self,
        (scope, stack): (&v8::PinScope<'s, '_>, StackEnd),
        known: &RefCell<FxHashMap<K, StructShape>>,
        (key, own): (&Q, impl FnOnce() -> K),
        source: impl FnOnce() -> String,
    ) -> Option<v8::Local<'s, v8::Function>> {
        let mut known = known.borrow_mut();
        let Some(form) = known.get_mut(key) else {
            if known.len() < MOST {
                known.insert(own(), StructShape::Met(1));
            }
            return None;
        };
        match form {
            StructShape::Made(function) => Some(v8::Local::new(scope, &*function)),
            StructShape::Never => None,
            StructShape::Met(times) if *times < MET => {
                *times += 1;
                None
            }
            // Compilation needs stack, and would throw without it.
            StructShape::Met(_) if !stack.allows_call() => None,
            StructShape::Met(_) => {
                let function = self.compiled(scope, &source());
                *form = function.map_or(StructShape::Never, |function| {
                    StructShape::Made(v8::Global::new(scope, function))
                });
                function
            }
        }
    }

    /// Runs a program that returns a function.
    fn compiled<'s>(
        &self,
        scope: &v8::PinScope<'s, '_>,
        source: &str,
    ) -> Option<v8::Local<'s, v8::Function>> {
        let text = |text: &str| js_string(scope, text, v8::NewStringType::Normal).ok();
        let (name, parameters) = (text(&shim::script("form"))?, [text("keys")?]);
        let program = compile_function(scope, name, text(source)?, &parameters)?;
        let keys = v8::Local::new(scope, &self.keys).into();
        program.call(scope, v8::undefined(scope).into(), &[keys])?.try_cast().ok()
    }
}

/// `(a0, a1, …) => ({ ["name"]: a0, … })`, in which no name is `__proto__` as syntax.
fn maker(names: &[PropertyName]) -> String {
    let parameters = (0..names.len()).map(|at| format!("a{at}")).collect::<Vec<_>>().join(", ");
    let mut source = format!("\"use strict\";\nreturn ({parameters}) => ({{ ");
    for (at, PropertyName(name)) in names.iter().enumerate() {
        let name = serde_json::Value::from(*name);
        let name = if name == "__proto__" { format!("[{name}]") } else { name.to_string() };
        _ = write!(source, "{name}: a{at}, ");
    }
    source + "});\n"
}

/// A function that returns the values, or nothing when the names differ. The object is no proxy.
fn taker(fields: &[&str]) -> String {
    let mut source = format!(
        "\"use strict\";\nreturn (object) => {{\n  const names = keys(object);\n  if (names.length !== {}",
        fields.len()
    );
    for (at, name) in fields.iter().enumerate() {
        _ = write!(source, "\n    || names[{at}] !== {}", serde_json::Value::from(*name));
    }
    source += ") return;\n  return [";
    for name in fields {
        _ = write!(source, "object[{}], ", serde_json::Value::from(*name));
    }
    source + "];\n};\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_data_and_not_syntax() {
        let source = maker(&[PropertyName("a"), PropertyName("__proto__"), PropertyName("\"}); evil(\"")]);
        assert_eq!(
            source,
            "\"use strict\";\nreturn (a0, a1, a2) => ({ \"a\": a0, [\"__proto__\"]: a1, \"\\\"}); evil(\\\"\": a2, });\n"
        );
        assert!(taker(&["\u{2028}", "a\nb"]).contains("object[\"\u{2028}\"], object[\"a\\nb\"]"));
    }
}
