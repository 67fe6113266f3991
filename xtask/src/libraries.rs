//! `cargo xtask libraries`: programs that use libraries of npm, all of them, and a page with their figures.

use std::ffi::OsString;

use crate::engine::{self, Engine};
use crate::soak::{Said, said};
use crate::{Result, node, with_path, write_page};

/// Runs all programs at all sites, then measures them one by one. Writes `docs/libraries.md`, and says whether all is well.
pub(crate) fn run() -> Result<bool> {
    let path = node::prepare()?.map(|folder| with_path(&folder)).transpose()?;
    let mut variables = vec![("SANDBOX_LIBRARIES", "full".into())];
    variables.extend(path.map(|path| ("PATH", path)));
    // QuickJS has no compiler, and takes minutes.
    let engine = &engine::v8()?;
    let tests = run_tests(engine, &["--nocapture"], &variables)?;
    let alone = ["--ignored", "--nocapture", "--test-threads=1"];
    let figures = run_tests(engine, &alone, &variables)?;
    write_page("libraries.md", &page(&figures.lines))?;
    Ok(tests.is_well && figures.is_well)
}

fn run_tests(engine: &Engine, options: &[&str], variables: &[(&str, OsString)]) -> Result<Said> {
    let rest = [&["--"], options].concat();
    said("test", engine, &["--workspace", "--test", "libraries"], &rest, variables)
}

/// The page of the figures that the test printed.
fn page(lines: &[String]) -> String {
    // The harness begins the line of a test, and the test ends the line.
    let row =
        |line: &String| line.find("| ").map(|at| line[at..].to_owned()).filter(|row| row.ends_with('|'));
    let rows = lines.iter().filter_map(row).collect::<Vec<_>>();
    let line = |part| lines.iter().find(|line| line.contains(part)).cloned().unwrap_or_default();
    let (summary, without) = (line("programs run in both realms"), line("With code from text off"));
    format!(
        "# Libraries of npm

`cargo xtask libraries` makes this page. Each row is a program that uses a library, bundled by esbuild as a module for browsers. The
[programs](../sandbox-worker/tests/libraries/programs.txt) are tests: in open and frozen realms and in child processes each gives what
it gives in node. The versions are those of [package.json](../sandbox-worker/tests/libraries/package.json). `cargo xtask test` runs most of them.

The tests give `Web::node()` and the permissions that a row names. A program fails without what its row names. A frozen realm refuses
core-js, which replaces functions of intrinsics, and nunjucks, which assigns `valueOf` on an object made of `String.prototype`.

{without}

Times are in ms, in a build for tests: to make a sandbox and load the bundle (open and frozen), the first call, and the fastest of up
to 200 later calls. The ratio is that of the fastest calls, frozen to open.

{summary}

| program | needs | load, open | load, frozen | first call | later | ratio |
|---|---|---|---|---|---|---|
{}
",
        rows.join("\n"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_the_rows_and_the_summary() {
        let printed = [
            "test the_figures ... | qs |  | 1.00 | 2.00 | 0.10 | 0.05 | 1.00 |",
            "| ajv | eval | not run |  |  |  |  |",
            "With code from text off, 1 of 2 programs run.",
            "2 programs run in both realms.",
            "ok",
        ];
        let page = page(&printed.map(str::to_owned));
        for part in [
            "\n| qs |  | 1.00 | 2.00 | 0.10 | 0.05 | 1.00 |\n| ajv | eval | not run |",
            "\n2 programs run in both realms.\n",
            "\nWith code from text off, 1 of 2 programs run.\n",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(!page.contains("ok\n") && !page.contains("test the_figures"), "{page}");
    }
}
