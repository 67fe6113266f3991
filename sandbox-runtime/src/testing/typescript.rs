//! The stripper of types, for fuzz targets.

use crate::script::ScriptModule;

/// The text of a script of this name without its types; `None` when the text is refused.
#[must_use]
pub fn stripped(name: &str, source: &str) -> Option<String> {
    let format = crate::Script::new(name, "").entry().format().cloned();
    let module = ScriptModule::new(name.into(), source.into(), format, None).in_language_of_name();
    module.strip().ok().map(|_| module.source().to_owned())
}
