//! The source maps of a realm, by the names of its scripts.
//!
//! `calls::script` adds each script before it runs. `run::thrown` and the text of `error.stack` ask for places. A map is read
//! when a place of its script is first asked for. Of two scripts of one name, the last one counts.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::error::StackFrame;
use crate::script::{OriginalPlace, Script};

/// The most scripts of a realm whose maps are known.
const MOST: usize = 4096;

/// The scripts with source maps that were loaded into a realm.
#[derive(Default)]
pub(in crate::isolate) struct RealmMaps(RefCell<HashMap<String, (Script, usize)>>);

impl RealmMaps {
    /// Adds the maps of a script, and forgets those of other scripts of the same names.
    pub(in crate::isolate) fn add(&self, script: &Script) {
        let mut maps = self.0.borrow_mut();
        for (index, module) in script.members().iter().enumerate() {
            match module.has_map() && (maps.len() < MOST || maps.contains_key(module.name())) {
                true => drop(maps.insert(module.name().to_owned(), (script.clone(), index))),
                false => drop(maps.remove(module.name())),
            }
        }
    }

    /// The place that a place of a script was made from.
    pub(in crate::isolate) fn original(&self, file: &str, place: (usize, usize)) -> Option<OriginalPlace> {
        let maps = self.0.borrow();
        let (script, index) = maps.get(file)?;
        script.members().get(*index)?.original(place)
    }

    /// Gives the frames their original places.
    pub(in crate::isolate) fn place(&self, stack: &mut [StackFrame]) {
        for frame in stack {
            frame.original = self.original(&frame.file, (frame.line, frame.column));
        }
    }
}
