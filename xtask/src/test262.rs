//! `cargo xtask test262`: the conformance suite of the language, in frozen realms and beside a plain `Object.freeze`.

use crate::engine;
use crate::soak::said;
use crate::{Result, write_page};

/// Runs the scripts of a checkout, or those whose path has `part`. All of them make `docs/test262.md`. Says whether all is well.
pub(crate) fn run(folder: &str, part: Option<&str>) -> Result<bool> {
    // QuickJS freezes by accessors of JavaScript, which the suite tells from values.
    let engine = &engine::v8()?;
    let rest = [&["--", folder][..], part.as_slice()].concat();
    let said = said("run", engine, &["--release", "--example", "test262"], &rest, &[])?;
    if part.is_none() && said.lines.iter().any(|line| line.contains("pass in a frozen realm")) {
        write_page("test262.md", &page(&said.lines))?;
    }
    Ok(said.is_well)
}

/// The page of what the example printed.
fn page(lines: &[String]) -> String {
    format!(
        "# test262

`cargo xtask test262 FOLDER` makes this page, on V8. The folder is a checkout of [test262](https://github.com/tc39/test262), the suite of
the language. Each script runs in a global of its own whose intrinsics `Object.freeze` froze and whose names are constants, and in a realm with
[frozen intrinsics](guide/guest-world.md). Modules are not run. Scripts that ask for other realms, agents or the collector fail in both.
A script that passes only after `Object.freeze` would be a fault of the runtime.

```text
{}
```
",
        lines.join("\n")
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_has_the_report() {
        let page = super::page(&["2 runs".into(), "  lost.js".into()]);
        assert!(page.ends_with("```text\n2 runs\n  lost.js\n```\n"), "{page}");
    }
}
