//! All that is wrong with values, by the descriptions of their types, on the observation that was made of them.

use deno_core::v8;

use super::{Seen, SeenAgain};
use crate::boundary::{Budget, ValueError};
use crate::isolate::state::{Catch, Isolate};
use crate::schema::TypeCheck;

impl Isolate {
    /// Checks values that were read by their types' descriptions, on the observation that was made of them. No code of the
    /// guest runs.
    pub(in crate::isolate) fn check_again<'s, 'c>(
        &self,
        scope: &v8::PinScope<'s, '_>,
        seen: Option<Seen<'s>>,
        values: impl IntoIterator<Item = Described<'s, 'c>>,
    ) -> Result<(), ValueError> {
        // Without an observation there is nothing to check.
        let Some(seen) = seen else { return Ok(()) };
        let seen = SeenAgain::new(seen, true);
        // The read has paid for all values already.
        let limits = self.settings.limits.with_values_paid();
        let budget = Budget::new(&limits, self.stack());
        let mut found = Vec::new();
        for (nth, (value, check, name)) in values.into_iter().enumerate() {
            let data = seen.nth(scope, &budget, (nth, value)).map_err(|error| error.inside(name))?;
            found.extend(check.diagnose(&data, name));
        }
        ValueError::all(found).map_or(Ok(()), Err)
    }

    /// The error of values that could not be read: all that is wrong by their types' descriptions. Guest code runs for parts
    /// that were not observed, and what that code throws is discarded.
    pub(in crate::isolate) fn diagnosed<'s, 'c>(
        &self,
        scope: &Catch<'_, '_, 's, '_>,
        seen: Option<Seen<'s>>,
        error: ValueError,
        values: impl IntoIterator<Item = Described<'s, 'c>>,
    ) -> ValueError {
        if !error.is_first_of_many() {
            return error;
        }
        let mut found = Vec::new();
        if let Some(seen) = seen {
            let (budget, seen) = (self.budget(), SeenAgain::new(seen, false));
            for (nth, (value, check, name)) in values.into_iter().enumerate() {
                match seen.nth(scope, &budget, (nth, value)) {
                    Ok(data) if !self.is_ended() => found.extend(check.diagnose(&data, name)),
                    _ => break,
                }
            }
        }
        error.with(found)
    }
}

/// A value, the check of its type, and its name.
pub(in crate::isolate) type Described<'s, 'c> = (v8::Local<'s, v8::Value>, &'c TypeCheck, &'c str);
