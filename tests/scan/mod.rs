//! The sources that tests read: the code of crates, without their tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The files below `src` of these crates, in the order of their names. Modules of tests are left out.
pub(crate) fn sources(crates: &[&str]) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    crates.iter().for_each(|name| add(&Path::new(name).join("src"), &mut found));
    found
}

fn add(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        match path.is_dir() {
            true if name != "tests" => add(&path, found),
            false if name.ends_with(".rs") && !name.ends_with("tests.rs") => _ = found.insert(path),
            _ => {}
        }
    }
}
