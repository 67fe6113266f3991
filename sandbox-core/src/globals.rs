//! Free globals: values of the host that a script finds under names of its own.
//!
//! Names are checked and values are encoded here, when they are given. `script` keeps them as data. `isolate::calls::globals`
//! of `sandbox-runtime` defines them in a realm, within the limits of the sandbox, before the script runs.

use serde::Serialize;

use crate::boundary::ValueError;
use crate::error::{Error, Result};
use crate::schema::{is_contract_name, is_variable_name};
use crate::script::{ErrorClasses, Global, Globals, Script};
use crate::wire::{Out, serialize_top};

impl Globals {
    /// Adds a global.
    ///
    /// # Errors
    ///
    /// [`Error::Global`] for a name that no global can have, for a name that another global of the list has, and for a value
    /// that is no data.
    pub fn give<T: ?Sized + Serialize>(&mut self, name: &str, value: &T) -> Result<()> {
        if self.get(name).is_some() {
            return Err(Error::global(name, "a value was given under this name before: give one"));
        }
        if let Some(reason) = refused(name) {
            return Err(Error::global(name, reason));
        }
        let value = encoded(value).map_err(|error| Error::global(name, error.inside(name).to_string()))?;
        self.add(Global::new(name, &value));
        Ok(())
    }
}

impl ErrorClasses {
    /// Adds a class.
    ///
    /// # Errors
    ///
    /// [`Error::Global`] for a name that no global can have, and for a name that was given before.
    pub fn give(&mut self, name: &str) -> Result<()> {
        if self.has(name) {
            return Err(Error::global(name, "a class was given under this name before: give one"));
        }
        if let Some(reason) = refused(name) {
            return Err(Error::global(name, reason));
        }
        self.0.push(name.into());
        Ok(())
    }
}

/// Why a global cannot have the name; `None` if it can.
fn refused(name: &str) -> Option<&'static str> {
    if !is_variable_name(name) {
        return Some("the name is no identifier, or is a reserved word: take another name");
    }
    if name.starts_with("$arguments") {
        return Some(
            "a script whose last value is taken has its arguments under such a name: take another name",
        );
    }
    let is_taken = !is_contract_name(name, true);
    is_taken.then_some("JavaScript or a platform has a meaning for the name: take another name")
}

fn encoded<T: ?Sized + Serialize>(value: &T) -> Result<Vec<u8>, ValueError> {
    let mut out = Out::default();
    serialize_top(value, &mut out)?;
    match out.has_objects() {
        true => {
            Err(ValueError::new("data", "a handle, a callback or a stream: host a contract of this name"))
        }
        false => Ok(out.into_bytes()),
    }
}

impl Script {
    /// Gives the script a value under a name that is free in its text, such as `configuration` or `$json`.
    ///
    /// The value is copied into the realm in which the script is evaluated, and is a constant there. All that the value
    /// consists of is frozen, but for the content of a Date, a Map, a Set and bytes, which JavaScript cannot freeze. A script
    /// in any form finds it, and so do later scripts of that realm.
    ///
    /// ```
    /// use sandbox_runtime::{Result, Sandbox, Script, sandbox_api};
    ///
    /// #[derive(serde::Serialize)]
    /// struct Configuration { domain: &'static str }
    ///
    /// #[sandbox_api(guest)]
    /// pub trait Rule {
    ///     fn allows(&self, mail: &str) -> Result<bool>;
    /// }
    ///
    /// let source = "function allows(mail) { return mail.endsWith('@' + configuration.domain); }";
    /// let script = Script::new("rule.js", source).global("configuration", &Configuration { domain: "example.com" })?;
    /// let rule = Sandbox::builder().build()?.load::<dyn Rule>(script)?;
    /// assert!(rule.allows("alice@example.com")?);
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Global`] when the name is no identifier, is reserved, or is a name of JavaScript; when the script has a global
    /// of the name; and when the value is no data.
    ///
    /// An evaluation of the script returns [`Error::Global`] when the values are more than the limits of the sandbox allow for
    /// one crossing, and when the realm has another value or a constant of that name. The script has not run then.
    pub fn global<T: ?Sized + Serialize>(self, name: &str, value: &T) -> Result<Self> {
        let mut globals = self.globals().clone();
        globals.give(name, value)?;
        Ok(self.with_globals(globals))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(name: &str) -> Result<Script> {
        Script::new("a.js", "x").global(name, "v")
    }

    fn with(script: &Script, name: &str, value: &str) -> Script {
        script.clone().global(name, value).expect("it is data")
    }

    #[test]
    fn a_global_is_a_part_of_the_content() {
        let plain = Script::new("a.js", "x");
        let all = [
            plain.clone(),
            with(&plain, "a", "v"),
            with(&plain, "a", "w"),
            with(&plain, "b", "v"),
            with(&with(&plain, "a", "v"), "b", "v"),
        ];
        for (at, script) in all.iter().enumerate() {
            for (other, with) in all.iter().enumerate() {
                assert_eq!(script == with, at == other, "{script:?} {with:?}");
                assert_eq!(script.content_hash() == with.content_hash(), at == other, "{script:?} {with:?}");
            }
        }
        assert_eq!(plain.globals(), &Globals::default(), "a clone keeps its own globals");
        assert_eq!(all[1], plain.global("a", &"v".to_owned()).expect("it is data"));
    }

    #[test]
    fn names_are_those_of_variables_that_no_one_else_has() {
        for name in ["configuration", "$json", "$", "_", "données", "items2", "process"] {
            assert!(given(name).is_ok(), "{name}");
        }
        for name in [
            "",
            "a b",
            "1a",
            "a.b",
            "a-b",
            "class",
            "let",
            "await",
            "eval",
            "arguments",
            "undefined",
            "async",
        ] {
            let error = given(name).expect_err(name);
            assert!(matches!(&error, Error::Global { name: of, .. } if of == name), "{error:?}");
        }
        for name in ["globalThis", "Object", "Map", "NaN", "__proto__", "constructor", "exports", "require"] {
            let error = given(name).expect_err(name).to_string();
            assert!(error.contains(name) && error.contains("take another name"), "{error}");
        }
    }

    #[test]
    fn a_name_is_given_once() {
        let error =
            with(&Script::new("a.js", "x"), "a", "v").global("a", "w").expect_err("it is there").to_string();
        assert!(error.contains("a value was given under this name before"), "{error}");
    }

    #[test]
    fn a_value_is_data() {
        struct Broken;
        impl Serialize for Broken {
            fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(serde::ser::Error::custom("broken"))
            }
        }
        let error = Script::new("a.js", "x").global("a", &[Broken]).expect_err("it is no data").to_string();
        assert!(error.contains("the global a cannot be given: a[0]"), "{error}");
    }
}
