//! What is said of the verdicts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use super::corpus::Case;
use super::oracle::Verdict;

/// A line for each class, on the terminal whether or not the test fails.
pub(crate) fn print(verdicts: &[(Case, Verdict)]) {
    let mut classes = BTreeMap::<&str, (usize, usize, Duration)>::new();
    for (case, verdict) in verdicts {
        let class = classes.entry(case.class()).or_default();
        class.0 += 1;
        class.1 += usize::from(!verdict.gained.is_empty());
        class.2 += verdict.took;
    }
    let mut text = format!("{:>16} {:>6} {:>8} {:>9}\n", "class", "cases", "escaped", "time");
    for (class, (cases, escaped, took)) in &classes {
        _ = writeln!(text, "{class:>16} {cases:>6} {escaped:>8} {:>6} ms", took.as_millis());
    }
    let escaped = classes.values().map(|class| class.1).sum::<usize>();
    _ = writeln!(text, "{:>16} {:>6} {escaped:>8}", "all", verdicts.len());
    // Tests have the macros' output captured.
    _ = std::io::stderr().write_all(text.as_bytes());
}

/// Says all that is wrong with any case.
#[cfg(not(sandbox_leaky))]
pub(crate) fn assert_none_escaped(verdicts: &[(Case, Verdict)]) {
    let mut wrong = String::new();
    for (case, Verdict { gained, unexpected, .. }) in verdicts {
        for finding in gained.iter().map(|text| format!("gained: {text}")).chain(unexpected.iter().cloned()) {
            _ = writeln!(wrong, "tests/escape/{}: {finding}", case.path);
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
