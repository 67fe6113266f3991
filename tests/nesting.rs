//! Sources and values that are nested deep: each ends with a result or an error, and the host goes on.
//!
//! The rows run in a child of the test. So a row that ends its process is named, and ends no other test.

use std::process::Command;

use sandbox_runtime::{Error, Limits, LocalSandbox, Result, Script, sandbox_api};
use slack::long;

#[path = "nesting/rows.rs"]
mod rows;
mod slack;

#[sandbox_api(guest)]
pub trait Job {
    fn run(&self) -> Result<f64>;
}

/// Set in a child.
const CHILD: &str = "SANDBOX_NESTING";

/// Runs the rows of the test `name` in a child process: in this process when it is the child.
#[expect(clippy::print_stderr, reason = "the child names the row that it is about to run")]
fn in_child(name: &str, rows: impl FnOnce(&dyn Fn(&str))) {
    if std::env::var_os(CHILD).is_some() {
        return rows(&|row| eprintln!("{row}"));
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stderr).into_owned();
    let last = said.lines().rev().take(5).collect::<Vec<_>>();
    assert!(child.status.success(), "{}: {last:#?}", child.status);
    assert!(said.lines().count() > 0, "the child ran no row");
}

/// A failed evaluation or call has an error of the guest, and the sandbox goes on.
fn assert_goes_on(sandbox: &LocalSandbox, outcome: Result<()>, row: &str) {
    let is_final = match outcome {
        Ok(()) => false,
        Err(error @ (Error::Limit { .. } | Error::Syntax { .. } | Error::Guest(_))) => error.is_final(),

        Err(other) => panic!("{row}: {other:?}"),
    };
    if is_final {
        sandbox.reset().unwrap();
    }
    let fine = sandbox.load::<dyn Job>(Script::new("fine.js", "export const run = () => 2"));
    assert_eq!(fine.unwrap().run().unwrap(), 2.0, "{row}");
}

fn eval(sandbox: &LocalSandbox, name: &str, source: String) -> Result<()> {
    sandbox.eval(Script::new(name, source)).map(drop)
}

#[test]
fn sources_of_any_depth_end_no_process() {
    in_child("sources_of_any_depth_end_no_process", |say| {
        let limits = long();
        let sandbox = LocalSandbox::builder().limits(limits).build().unwrap();
        for row in rows::SOURCES {
            for depth in [200, 1_000, 10_000, 100_000, 1_000_000].into_iter().filter(|depth| *depth <= row.1)
            {
                let source = rows::source(row, depth);
                if source.len() > limits.script_bytes {
                    continue;
                }
                for name in ["deep.mjs", "deep.cjs"] {
                    let row = format!("{:?}, {depth} deep, {name}", row.0);
                    say(&row);
                    assert_goes_on(&sandbox, eval(&sandbox, name, source.clone()), &row);
                }
            }
        }
    });
}

#[test]
fn values_of_any_depth_end_no_process() {
    in_child("values_of_any_depth_end_no_process", |say| {
        let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
        for row in rows::PROGRAMS {
            for depth in [1_000, 100_000] {
                let row_text = format!("{row}, {depth} deep");
                say(&row_text);
                let script = Script::new("values.mjs", rows::program(row, depth));
                let outcome = sandbox.load::<dyn Job>(script).and_then(|job| job.run());
                assert_goes_on(&sandbox, outcome.map(drop), &row_text);
            }
        }
    });
}

/// Functions in functions, at the greatest depth for which the parser has room: the compiler's later passes use more. The heap
/// has room for the text of each function.
#[test]
fn the_deepest_functions_that_parse_end_no_process() {
    in_child("the_deepest_functions_that_parse_end_no_process", |say| {
        for stack in [1 << 20, 8 << 20] {
            let limits = Limits { stack, heap: 1 << 30, buffers: 1 << 30, ..long() };
            let fits = |depth: usize| {
                say(&format!("{depth} functions, {stack} bytes of stack"));
                let functions = "function f(){".repeat(depth) + "z" + &"}".repeat(depth);
                let sandbox = LocalSandbox::builder().limits(limits).build().unwrap();
                eval(&sandbox, "functions.cjs", format!("let z; {functions}")).is_ok()
            };
            let deepest = greatest(8_000, fits);
            assert!(deepest > 100, "{deepest}");
        }
    });
}

/// The greatest number below `most` that fits, where all smaller numbers fit as well.
fn greatest(mut most: usize, fits: impl Fn(usize) -> bool) -> usize {
    let mut least = 0;
    while most - least > 1 {
        let middle = usize::midpoint(least, most);
        match fits(middle) {
            true => least = middle,
            false => most = middle,
        }
    }
    least
}
