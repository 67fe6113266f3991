//! The table of `docs/conversions.md`, row by row: as the result of a guest's method, as the argument of a host's, and
//! against the Zod modules of both under node.
//!
//! `BLESS=1 cargo test --test conversions` writes the last column anew; read the difference before you commit it.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sandbox_runtime::{Contract, Error, LocalSandbox, Result, Script, sandbox_api};
use slack::long;

mod slack;

#[allow(dead_code, reason = "each test uses some of it")]
mod every;
#[allow(dead_code, reason = "each test uses some of it")]
mod node;
// The crate is there on V8 alone.
#[cfg(not(feature = "quickjs"))]
#[path = "conversions/serde_v8.rs"]
mod serde_v8;

macro_rules! contracts {
    ($($method:ident $js:literal $type:ty;)*) => {
        #[sandbox_api(guest)]
        pub trait Give {
            $(fn $method(&self) -> Result<$type>;)*
        }

        #[sandbox_api(host)]
        pub trait Take {
            $(fn $method(&self, value: $type);)*
        }

        impl Take for Rc<RefCell<String>> {
            $(fn $method(&self, value: $type) {
                *self.borrow_mut() = format!("{value:?}");
            })*
        }

        /// Calls the guest's method of this name, and shows what came of it.
        fn give(guest: &dyn Give, name: &str) -> Result<String> {
            match name {
                $($js => guest.$method().map(|value| format!("{value:?}")),)*
                other => panic!("the table has a row for `{other}`, which is no type"),
            }
        }

        const NAMES: &[&str] = &[$($js),*];
    };
}
for_every_type!(contracts);

#[sandbox_api(guest)]
pub trait Run {
    fn run(&self) -> Result<()>;
}

struct Row {
    name: String,
    expression: String,
    becomes: String,
    /// Zod can tell as well.
    is_plain: bool,
}

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/conversions.md")
}

/// A line of the table: three cells, the first two of them code.
fn row(line: &str, is_plain: bool) -> Option<Row> {
    let mut cells = line.strip_prefix("| `")?.strip_suffix('|')?.splitn(3, "` | ");
    let name = cells.next()?.to_owned();
    let expression = cells.next()?.trim_start_matches('`').to_owned();
    Some(Row { name, expression, becomes: cells.next()?.trim().to_owned(), is_plain })
}

fn rows(page: &str) -> Vec<Row> {
    let (plain, hostile) =
        page.split_once("## What only the boundary can tell").expect("the page has two tables");
    let plain = plain.lines().filter_map(|line| row(line, true));
    plain.chain(hostile.lines().filter_map(|line| row(line, false))).collect()
}

/// What became of a value, as a cell of the table.
fn cell(outcome: &Result<String>, root: &str) -> String {
    match outcome {
        Ok(value) => format!("`{value}`"),
        Err(Error::Value(error)) => {
            assert!(!error.truncated, "{error}");
            let each = error.violations.iter().map(|violation| {
                let path =
                    violation.path.strip_prefix(root).expect("the path begins with the argument or `result`");
                let place = if path.is_empty() { String::new() } else { format!("`{path}`: ") };
                format!("{place}expected {}, got {}", violation.expected, violation.found)
            });
            format!("refused: {}", each.collect::<Vec<_>>().join("; "))
        }
        Err(other) => panic!("neither a value nor a refusal: {other}"),
    }
}

/// As the result of a guest's method.
fn given(sandbox: &LocalSandbox, row: &Row) -> String {
    let exports = NAMES.iter().map(|name| format!("{name}: f, ")).collect::<String>();
    let script = format!("const f = () => ({});\nexport default {{ {exports} }};", row.expression);
    let guest = sandbox.load::<dyn Give>(Script::new("give.js", script)).unwrap();
    cell(&give(&guest, &row.name), "result")
}

/// As the argument of a host's method; the guest sees why it was refused.
fn taken(sandbox: &LocalSandbox, taken: &RefCell<String>, row: &Row) -> String {
    let script = format!("export const run = () => Take.{}({});", row.name, row.expression);
    let guest = sandbox.load::<dyn Run>(Script::new("take.js", script)).unwrap();
    match guest.run() {
        Ok(()) => format!("`{}`", taken.borrow()),
        Err(Error::Guest(thrown)) => {
            assert_eq!(thrown.name.as_deref(), Some("TypeError"), "{thrown}");
            let (_, refusal) =
                thrown.message.split_once(" → ").unwrap_or_else(|| panic!("{}: {thrown}", row.expression));
            let each = refusal.split("; value").enumerate().map(|(index, violation)| {
                let violation = if index == 0 { violation.strip_prefix("value").unwrap() } else { violation };
                let (path, text) = violation.split_once(": ").unwrap();
                if path.is_empty() { text.to_owned() } else { format!("`{path}`: {text}") }
            });
            format!("refused: {}", each.collect::<Vec<_>>().join("; "))
        }
        Err(other) => panic!("{}: {other}", row.expression),
    }
}

#[test]
fn the_table_is_what_happens_in_both_directions() {
    let page_text = fs::read_to_string(page()).unwrap();
    let mut blessed = page_text.clone();
    let mut wrong = String::new();
    let last = Rc::new(RefCell::new(String::new()));
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Take>(last.clone()).build().unwrap();
    for row in rows(&page_text) {
        let (given, taken) = (given(&sandbox, &row), taken(&sandbox, &last, &row));
        assert_eq!(given, taken, "{} `{}`", row.name, row.expression);
        if given != row.becomes {
            _ = writeln!(
                wrong,
                "{} `{}`\n  page:  {}\n  found: {given}",
                row.name, row.expression, row.becomes
            );
            let line = |becomes: &str| format!("| `{}` | `{}` | {becomes}", row.name, row.expression);
            blessed = blessed.replace(
                &format!("{}|\n", line(&row.becomes)).replace("|  |", "| |"),
                &format!("{} |\n", line(&given)),
            );
            blessed =
                blessed.replace(&format!("{} |\n", line(&row.becomes)), &format!("{} |\n", line(&given)));
        }
    }
    if std::env::var_os("BLESS").is_some() {
        fs::write(page(), blessed).unwrap();
    } else {
        assert!(wrong.is_empty(), "{wrong}");
    }
}

/// A time that serde cannot write is refused, and the next call works.
#[test]
fn a_time_before_1970_does_not_cross() {
    #[sandbox_api(guest)]
    trait Clock {
        fn seconds(&self, at: SystemTime) -> Result<i64>;
    }

    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let script = "export const seconds = (at) => at.secs_since_epoch;";
    let clock = sandbox.load::<dyn Clock>(Script::new("clock.js", script)).unwrap();
    let second = Duration::from_secs(1);
    let error = clock.seconds(UNIX_EPOCH - second).unwrap_err();
    let Error::Value(error) = &error else { panic!("{error:?}") };
    assert_eq!(error.violations[0].path, "at", "{error}");
    assert_eq!(clock.seconds(UNIX_EPOCH + second).unwrap(), 1);
}

#[test]
fn every_type_has_rows() {
    let rows = rows(&fs::read_to_string(page()).unwrap());
    // Those that are the same as `record` are told from it by the compiler alone.
    for name in NAMES.iter().filter(|name| !["counted", "shared"].contains(name)) {
        let of = rows.iter().filter(|row| row.name == *name).collect::<Vec<_>>();
        assert!(of.iter().any(|row| row.becomes.starts_with('`')), "nothing is accepted as `{name}`");
        assert!(of.iter().any(|row| row.becomes.starts_with("refused")), "nothing is refused as `{name}`");
    }
}

#[test]
fn zod_agrees_on_every_row() {
    let rows = rows(&fs::read_to_string(page()).unwrap());
    let plain = rows.iter().filter(|row| row.is_plain).collect::<Vec<_>>();
    let table = plain.iter().map(|row| {
        let accepted = row.becomes.starts_with('`');
        let Row { name, expression, .. } = row;
        format!("  [{name:?}, {expression:?}, {accepted}, () => ({expression})],\n")
    });
    let script = format!(
        "import {{ guest }} from './give.mjs';\nimport {{ host }} from './take.mjs';\nconst table = [\n{}];\n{CHECK}",
        table.collect::<String>()
    );
    let folder = node::folder("conversions");
    fs::write(folder.join("give.mjs"), <dyn Give as Contract>::zod()).unwrap();
    fs::write(folder.join("take.mjs"), <dyn Take as Contract>::zod()).unwrap();
    fs::write(folder.join("check.mjs"), script).unwrap();
    let said = node::run("node", &["check.mjs"], &folder);
    assert_eq!(said.trim(), format!("{} rows", plain.len()));
}

const CHECK: &str = r#"
let wrong = [];
for (const [name, text, accepted, make] of table) {
  const given = guest[name].result.safeParse(make());
  const taken = host[name].arguments.safeParse([make()]);
  if (given.success !== accepted || taken.success !== accepted) {
    wrong.push(`${name} ${text}: the boundary ${accepted ? "accepts" : "refuses"} it, Zod: ${given.error ?? "accepts"}, ${taken.error ?? "accepts"}`);
  }
}
console.log(wrong.length ? wrong.join("\n") : `${table.length} rows`);
"#;
