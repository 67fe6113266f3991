//! Scans the tests for sandboxes with the default limits, whose wall limit of a second a busy machine reaches.
//!
//! A test that builds a sandbox and runs a guest says how long the guest may take: `long()` of `tests/slack`, or a limit
//! that the test is about. A sandbox that runs no guest, or whose file is an application of its own, is a row of [`FREE`].

use crate::prose::{files, read};
use crate::{Result, workspace};

/// Files whose sandboxes may have the default limits, how many, and why.
const FREE: [(&str, usize, &str); 5] = [
    ("sandbox-runtime/tests/harden/linux/child.rs", 1, "no guest runs"),
    ("sandbox-worker/tests/init.rs", 1, "an application of its own"),
    ("sandbox-worker/tests/orphans.rs", 1, "no guest runs"),
    ("tests/deno_core.rs", 1, "no guest runs"),
    ("tests/standalone.rs", 1, "an application of its own"),
];

/// The number of statements that build a sandbox with the default limits and take it.
fn impatient(source: &str) -> usize {
    let begins = source.match_indices("Sandbox::builder()").map(|(at, _)| &source[at..]);
    let statements = begins.map(|rest| rest.split_once(';').map_or(rest, |(statement, _)| statement));
    let is_built = |statement: &&str| {
        [".build().unwrap()", ".build()?", ".build().expect("].iter().any(|end| statement.contains(end))
    };
    statements.filter(is_built).filter(|statement| !statement.contains(".limits(")).count()
}

#[test]
fn sandboxes_of_tests_have_limits() -> Result<()> {
    let root = workspace();
    let mut found = Vec::new();
    for folder in ["tests", "sandbox-worker/tests", "sandbox-runtime/tests", "sandbox-runtime/src"] {
        for path in files(&root.join(folder), ".rs")? {
            let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            let is_test = |part: &str| part == "tests" || part.ends_with("tests.rs");
            if !name.split('/').any(is_test) {
                continue;
            }
            let allowed = FREE.iter().find(|row| row.0 == name).map_or(0, |row| row.1);
            let count = impatient(&read(&path)?);
            if count > allowed {
                found.push(format!(
                    "{name}: {count} sandboxes with the default limits, and {allowed} allowed"
                ));
            }
        }
    }
    assert!(found.is_empty(), "give them `.limits(long())`:\n{}", found.join("\n"));
    Ok(())
}

#[test]
fn a_sandbox_without_limits_is_found() {
    assert_eq!(impatient("let a = Sandbox::builder().build().unwrap();"), 1);
    assert_eq!(impatient("LocalSandbox::builder().host::<dyn A>(B)\n.build()?;"), 1);
    assert_eq!(impatient("Sandbox::builder().limits(long()).build().unwrap();"), 0);
    assert_eq!(impatient("let builder = Sandbox::builder(); builder.build().unwrap();"), 0);
    assert_eq!(impatient("Sandbox::builder().build().map(drop).unwrap_err();"), 0);
}
