//! Tests whose failure is the end of the process: each runs in a child of its own.

use std::process::Command;

const CHILD: &str = "SANDBOX_TEST_CHILD";

/// Runs `body` in a child of this process, which runs the test `name` alone, and fails when the child does.
pub(super) fn in_child(module: &str, name: &str, body: impl FnOnce()) {
    if std::env::var_os(CHILD).is_some() {
        return body();
    }
    let (_, module) = module.split_once("::").expect("a module of this crate");
    let mut child = Command::new(std::env::current_exe().expect("this program"));
    child.args([&format!("{module}::{name}"), "--exact", "--nocapture", "--test-threads=1"]);
    let output = child.env(CHILD, "1").output().expect("the child starts");
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(said[0].contains("1 passed") || !output.status.success(), "no such test: {module}::{name}");
    let last = |text: &str| {
        text.lines().rev().take(40).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n")
    };
    assert!(output.status.success(), "{name}: {}\n{}\n{}", output.status, last(&said[0]), last(&said[1]));
}
