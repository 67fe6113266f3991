//! Which engine is used: V8 where its library is to be had, else QuickJS, which is built from source.

use std::str::FromStr;

use crate::v8::{Library, Origin};
use crate::{Result, say, tools};

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    Auto,
    V8,
    QuickJs,
    All,
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "auto" => Ok(Self::Auto),
            "v8" => Ok(Self::V8),
            "quickjs" => Ok(Self::QuickJs),
            "all" => Ok(Self::All),
            other => Err(format!("`--engine {other}`: there are `auto`, `v8`, `quickjs` and `all`")),
        }
    }
}

/// An engine that is there, or can be built.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    /// V8, and where its library is.
    V8(Origin),
    QuickJs,
}

/// The engines of a choice, with V8's library in its place.
pub(crate) fn choose(choice: Choice) -> Result<Vec<Engine>> {
    if choice == Choice::QuickJs {
        say("engine: QuickJS, built from source");
        return Ok(vec![Engine::QuickJs]);
    }
    let library = Library::of_this_machine()?;
    let v8 = library.obtain();
    chosen(choice, v8)
}

/// V8, made ready; or an error that says why not.
pub(crate) fn v8() -> Result<Engine> {
    let engine = choose(Choice::V8)?.swap_remove(0);
    engine.prepare()?;
    Ok(engine)
}

/// A wrong setting of the user's is an error whatever was chosen: to go on without V8 would hide it.
fn chosen(choice: Choice, v8: Result<Origin, crate::v8::Missing>) -> Result<Vec<Engine>> {
    use crate::v8::Missing::{Nowhere, WrongSetting};
    match (choice, v8) {
        (_, Ok(v8)) => {
            let all = choice == Choice::All;
            say(&format!("engine: V8, {}{}", v8, if all { "; then QuickJS, built from source" } else { "" }));
            let mut engines = vec![Engine::V8(v8)];
            engines.extend(all.then_some(Engine::QuickJs));
            Ok(engines)
        }
        (_, Err(WrongSetting(reason))) => Err(reason),
        (Choice::V8, Err(Nowhere(reason))) => Err(format!("V8 is not available: {reason}")),
        (_, Err(Nowhere(reason))) => {
            say(&format!(
                "engine: QuickJS, small and slow, because V8 is not available ({reason}); for V8, set RUSTY_V8_ARCHIVE to its \
                 library, or run `cargo xtask v8 build`, which takes about two hours on two cores"
            ));
            Ok(vec![Engine::QuickJs])
        }
    }
}

impl Engine {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::V8(_) => "V8",
            Self::QuickJs => "QuickJS",
        }
    }

    /// What cargo is told, to build with this engine.
    pub(crate) fn feature_arguments(&self) -> &'static [&'static str] {
        match self {
            Self::V8(_) => &["--features", "v8"],
            Self::QuickJs => &["--no-default-features", "--features", "quickjs"],
        }
    }

    /// The same, without what is the default.
    pub(crate) fn cargo_arguments(&self) -> &'static [&'static str] {
        match self {
            Self::V8(_) => &[],
            Self::QuickJs => self.feature_arguments(),
        }
    }

    /// Sees to what the build of the engine needs.
    pub(crate) fn prepare(&self) -> Result<()> {
        match self {
            Self::V8(_) => tools::need("building with V8", &[tools::COMPILER]),
            Self::QuickJs => {
                let needed = [tools::COMPILER, tools::CMAKE, tools::MAKE, tools::SIMDE];
                tools::need("building QuickJS", &needed)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v8::Missing;

    #[test]
    fn without_v8_the_small_engine_is_taken_unless_v8_was_asked_for() {
        let v8 = || -> Result<_, Missing> { Ok(Origin::Environment("RUSTY_V8_ARCHIVE")) };
        let there = || Engine::V8(v8().unwrap());
        let nowhere = || Err(Missing::Nowhere("no network".into()));
        let quickjs = Ok(vec![Engine::QuickJs]);
        assert_eq!(chosen(Choice::Auto, v8()), Ok(vec![there()]));
        assert_eq!(chosen(Choice::All, v8()), Ok(vec![there(), Engine::QuickJs]));
        assert_eq!(chosen(Choice::Auto, nowhere()), quickjs);
        assert_eq!(chosen(Choice::All, nowhere()), quickjs);
        assert!(chosen(Choice::V8, nowhere()).unwrap_err().contains("no network"));
        let wrong = chosen(Choice::Auto, Err(Missing::WrongSetting("RUSTY_V8_ARCHIVE is no file".into())));
        assert_eq!(wrong.unwrap_err(), "RUSTY_V8_ARCHIVE is no file");
    }
}
