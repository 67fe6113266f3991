//! Scans the published crates for numbers that stand for something else: "never", "none" and "no limit" are types.
//!
//! The rules, for lines outside of tests and comments:
//!
//! - The greatest `u64` or `usize` stands only in the files of [`MAXIMA`], each with its reason. The saturation of a conversion
//!   (`try_from(…).unwrap_or(u64::MAX)`) is free.
//! - A time has a type of `sandbox-core/src/time.rs`, and a field or parameter that is named like a time is no `u64`.
//!
//! A line that breaks a rule wants an `Option`, an enum, `Deadline::NEVER`, or a new row of the list.

use std::path::Path;

use crate::prose::{read, sources};
use crate::{Result, workspace};

/// Files that may have the greatest number, how many lines of it, and why.
const MAXIMA: [(&str, usize, &str); 15] = [
    ("sandbox-core/src/time.rs", 3, "the one encoding of never, and the longest span"),
    ("sandbox-core/src/limits.rs", 1, "a bound of counts that are paid for: more than any crossing has"),
    ("sandbox-core/src/wire/decode.rs", 1, "a bound of counts: more than any frame has"),
    ("sandbox-runtime/src/site/wired/session/call.rs", 1, "the saturation of a conversion"),
    (
        "sandbox-runtime/src/site/wired/call_head.rs",
        1,
        "the wire's number of no call, beside 0: calls are counted from 1",
    ),
    ("sandbox-runtime/src/process/harden/filter.rs", 1, "a mask of all bits"),
    ("sandbox-runtime/src/pool/tenant.rs", 1, "the encoding of an `Option` in one atomic word"),
    (
        "sandbox-runtime/src/isolate/extension.rs",
        1,
        "a limit of calls that a runtime without calls cannot keep",
    ),
    ("sandbox-runtime/src/isolate/limits/stack.rs", 1, "the end of the address space"),
    (
        "sandbox-runtime/src/isolate/engine/buffers.rs",
        1,
        "a budget that an engine cannot use up while it starts",
    ),
    ("sandbox-runtime/src/isolate/engine/quickjs.rs", 1, "the same budget"),
    ("sandbox-runtime/src/isolate/intrinsics/quickjs.rs", 1, "the saturation of a size"),
    ("sandbox-core/src/schema/compat/numbers.rs", 1, "the range of the format `uint64`"),
    ("sandbox-core/src/schema/json.rs", 1, "the range of the format `uint64`"),
    ("sandbox-core/src/schema/times.rs", 1, "the range of a `Duration`'s seconds"),
];

/// The same for what only tests use.
const MAXIMA_OF_TESTING: [(&str, usize, &str); 2] = [
    (
        "sandbox-runtime/src/testing/host.rs",
        1,
        "a script of the fuzzer, which is longer than guests' scripts",
    ),
    ("sandbox-runtime/src/testing/strategies/shrink.rs", 1, "the range of a cast"),
];

/// Names of fields and parameters that are times.
const TIMES: [&str; 9] = ["at", "began", "cpu_end", "deadline", "due", "nanos", "now", "since", "until"];

/// The lines of a source that are neither comments nor tests.
fn code(source: &str) -> impl Iterator<Item = &str> {
    let own = source.split("\nmod tests {").next().unwrap_or(source);
    let own = own.split("\n    mod tests {").next().unwrap_or(own);
    own.lines().filter(|line| !line.trim_start().starts_with("//"))
}

/// How many lines have the greatest number where nothing is converted.
fn maxima(source: &str) -> usize {
    let has_one = |line: &&str| line.contains("u64::MAX") || line.contains("usize::MAX");
    code(source).filter(has_one).filter(|line| !line.contains("try_from(")).count()
}

/// The times of a line that are bare numbers.
fn bare_times(line: &str) -> impl Iterator<Item = &str> {
    let types = ["u64", "Option<u64>", "Cell<u64>", "AtomicU64"];
    TIMES.into_iter().filter(move |name| {
        types.iter().any(|of| {
            let declared = format!("{name}: {of}");
            line.match_indices(&declared).any(|(at, _)| {
                let before = line[..at].chars().next_back();
                let after = line[at + declared.len()..].chars().next();
                let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
                !before.is_some_and(is_word) && !after.is_some_and(is_word)
            })
        })
    })
}

/// The files of the published crates without those of tests, by their names in the repository.
fn code_files(root: &Path) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for path in sources(root)? {
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        if !name.contains("/tests/") && !name.ends_with("tests.rs") {
            found.push((name, read(&path)?));
        }
    }
    Ok(found)
}

#[test]
fn the_greatest_number_stands_for_itself() {
    let all = [&MAXIMA[..], &MAXIMA_OF_TESTING].concat();
    let found = code_files(workspace()).unwrap().into_iter();
    let mut found: Vec<_> =
        found.map(|(name, source)| (name, maxima(&source))).filter(|(_, count)| *count > 0).collect();
    let mut known: Vec<_> = all.iter().map(|(name, count, _)| ((*name).to_owned(), *count)).collect();
    found.sort();
    known.sort();
    assert_eq!(found, known, "the file, and how many of its lines have `u64::MAX` or `usize::MAX`");
}

#[test]
fn times_have_types() {
    let mut bare = Vec::new();
    for (name, source) in code_files(workspace()).unwrap() {
        if name != "sandbox-core/src/time.rs" {
            let lines = code(&source).flat_map(bare_times);
            bare.extend(lines.map(|time| format!("{name}: `{time}`")));
        }
    }
    assert_eq!(bare, Vec::<String>::new());
}

#[test]
fn the_scan_finds_what_it_looks_for() {
    let source = "let most = u64::MAX;\n// usize::MAX\nlet n = usize::try_from(n).unwrap_or(usize::MAX);\n\n#[cfg(test)]\nmod tests {\n    u64::MAX\n}";
    assert_eq!(maxima(source), 1);
    assert_eq!(
        bare_times("fn a(now: u64, deadline: Option<u64>, known: u64)").collect::<Vec<_>>(),
        ["deadline", "now"]
    );
    assert_eq!(bare_times("    pub(super) since: AtomicU64,").count(), 1);
    assert_eq!(bare_times("until: Deadline, at: usize, format: u64, since: u64x").count(), 0);
}
