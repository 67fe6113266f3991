//! [`HostSource`]: the host's error behind an [`Error::Host`], and the texts of an error's causes.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::Error;

/// The error that an [`Error::host`] or [`Error::public`] was made from.
///
/// ```
/// use sandbox_runtime::Error;
///
/// let error = "x".parse::<u8>().map_err(Error::host).unwrap_err();
/// let Error::Host { source: Some(source), .. } = &error else { unreachable!() };
/// assert!(source.is::<std::num::ParseIntError>());
/// ```
#[derive(Clone)]
pub struct HostSource(Arc<dyn StdError + Send + Sync>);

/// A deref and no `impl Error`, so that `source()` returns the error itself, which can be downcast.
impl Deref for HostSource {
    type Target = dyn StdError + Send + Sync;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl fmt::Debug for HostSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How many errors of a chain are read. An error can be its own cause.
const LONGEST: usize = 32;

/// An error of a host method, made from a text or from another error.
pub(super) fn error<E: Into<Box<dyn StdError + Send + Sync>>>(error: E, visible: bool) -> Error {
    // The error that std makes of a text would repeat the text.
    let texts = [typeid::of::<&str>(), typeid::of::<String>(), typeid::of::<Cow<'_, str>>()];
    let is_text = texts.contains(&typeid::of::<E>());
    let error = error.into();
    let message = error.to_string();
    Error::Host { message, visible, source: (!is_text).then(|| HostSource(error.into())) }
}

/// An error and all its causes.
fn causes<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    let next =
        |error: &&'e (dyn StdError + 'static)| -> Option<&'e (dyn StdError + 'static)> { (*error).source() };
    std::iter::successors(Some(error), next).take(LONGEST)
}

/// The first error of a type among an error and its causes.
pub(super) fn find<'e, E: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e E> {
    causes(error).find_map(|error| error.downcast_ref())
}

/// The texts of an error and of all its causes. A text that the one before it ends with is left out.
pub fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = String::new();
    for cause in causes(error).map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// An error that may come back from the guest uncaught. The `Option` lets its owner take it out by its type alone.
pub struct KeptError<E>(pub Option<E>);
