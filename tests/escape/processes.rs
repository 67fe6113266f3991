//! A test of this program in processes of their own, one for each class.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::Command;

use super::corpus::Case;

/// Runs the test for each class of these cases, and says of all at once what they said.
pub(crate) fn run(test: &str, cases: &[Case]) {
    let classes = cases.iter().map(Case::class).collect::<BTreeSet<_>>();
    let mut wrong = String::new();
    for class in classes {
        let program = std::env::current_exe().expect("this program");
        let mut command = Command::new(program);
        let output = command.args([test, "--exact"]).env("ESCAPE", format!("{class}/")).output();
        let output = output.expect("this program runs");
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stdout);
            let lines = said.lines().filter(|line| line.starts_with("tests/escape/"));
            _ = writeln!(wrong, "{class}: {}", output.status);
            lines.for_each(|line| _ = writeln!(wrong, "{line}"));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
