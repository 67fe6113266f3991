//! The outcomes of `serde_v8` for each row of `docs/conversions.md`: the tables of `docs/serde-v8.md`.
//!
//! `BLESS=1 cargo test --test conversions` writes them anew; read the difference before you commit it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};

use deno_core::{JsRuntime, RuntimeOptions, scope, serde_v8, v8};
use sandbox_runtime::LocalSandbox;

use self::pages::replace;
use super::{Row, every, long, rows};
use crate::for_every_type;

#[path = "../pages/mod.rs"]
mod pages;

macro_rules! readers {
    ($($method:ident $js:literal $type:ty;)*) => {
        /// Reads a value as the type of this name, and shows it as Rust does.
        fn read<'s>(
            scope: &mut v8::PinScope<'s, '_>,
            value: v8::Local<'s, v8::Value>,
            name: &str,
        ) -> Result<String, serde_v8::Error> {
            match name {
                $($js => serde_v8::from_v8::<$type>(scope, value).map(|value| format!("{value:?}")),)*
                other => panic!("the table has a row for `{other}`, which is no type"),
            }
        }
    };
}
for_every_type!(readers);

/// How the two readers differ about a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Difference {
    /// Both give this value.
    SameValue,
    /// Both refuse it, with texts of their own.
    BothRefuse,
    /// `serde_v8` panics.
    Panic,
    /// `serde_v8` gives a value.
    RefusedHere,
    /// `serde_v8` gives an error.
    RefusedThere,
    /// Both give a value, and not the same one.
    OtherValue,
}

const TABLES: [(&str, Difference); 3] = [
    ("a panic", Difference::Panic),
    ("refused here", Difference::RefusedHere),
    ("refused by serde_v8", Difference::RefusedThere),
];

/// The outcome of `serde_v8` for a value.
type There = std::thread::Result<Result<String, serde_v8::Error>>;

fn difference(here: &str, there: &There) -> Difference {
    let Ok(there) = there else { return Difference::Panic };
    match (here.starts_with("refused: "), there) {
        (true, Ok(_)) => Difference::RefusedHere,
        (true, Err(_)) => Difference::BothRefuse,
        (false, Err(_)) => Difference::RefusedThere,
        (false, Ok(there)) if here == format!("`{there}`") => Difference::SameValue,
        (false, Ok(_)) => Difference::OtherValue,
    }
}

/// Reads the value of a row by `serde_v8`.
fn given(runtime: &mut JsRuntime, row: &Row) -> There {
    let value = runtime.execute_script("row.js", format!("({})", row.expression));
    let value = value.unwrap_or_else(|error| panic!("`{}`: {error}", row.expression));
    scope!(scope, runtime);
    let value = v8::Local::new(scope, value);
    std::panic::catch_unwind(AssertUnwindSafe(|| read(scope, value, &row.name)))
}

fn line(row: &Row, there: &There) -> String {
    let there = match there {
        Ok(Ok(value)) => format!("`{value}`"),
        Ok(Err(error)) => format!("error: {error}"),
        Err(_) => "the thread panics".to_owned(),
    };
    format!("| `{}` | `{}` | {} | {there} |\n", row.name, row.expression, row.becomes)
}

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/serde-v8.md")
}

#[test]
fn the_page_of_serde_v8_is_what_happens() {
    let conversions = fs::read_to_string(super::page()).unwrap();
    // The first sandbox starts V8 with its flags, which cannot be set later.
    drop(LocalSandbox::builder().limits(long()).build().unwrap());
    let mut runtime = JsRuntime::new(RuntimeOptions::default());
    let mut tables = BTreeMap::<Difference, Vec<String>>::new();
    for row in rows(&conversions) {
        let there = given(&mut runtime, &row);
        tables.entry(difference(&row.becomes, &there)).or_default().push(line(&row, &there));
    }
    let count = |difference| tables.get(&difference).map_or(0, Vec::len);
    let all = tables.values().map(Vec::len).sum::<usize>();
    let (_, version) = include_str!("../../Cargo.lock")
        .split_once("name = \"serde_v8\"\nversion = \"")
        .expect("it is locked");
    let version = version.split('"').next().unwrap();
    let mut summary = format!("| `serde_v8` {version}, {all} rows | rows |\n|---|---|\n");
    for (what, difference) in [
        ("the same value", Difference::SameValue),
        ("refused by both, with texts of their own", Difference::BothRefuse),
        ("refused here, a value from `serde_v8`", Difference::RefusedHere),
        ("another value", Difference::OtherValue),
        ("a value here, an error from `serde_v8`", Difference::RefusedThere),
        ("a panic of `serde_v8`", Difference::Panic),
    ] {
        _ = writeln!(summary, "| {what} | {} |", count(difference));
    }
    assert_eq!(count(Difference::OtherValue), 0, "the page has no table of {tables:?}");
    let written = fs::read_to_string(page()).unwrap();
    let mut found = replace(&written, "summary", &summary);
    for (marker, difference) in TABLES {
        let lines = tables.get(&difference).map(|lines| lines.concat()).unwrap_or_default();
        let table = format!("| Rust | JavaScript | here | `serde_v8` |\n|---|---|---|---|\n{lines}");
        found = replace(&found, marker, &table);
    }
    if std::env::var_os("BLESS").is_some() {
        fs::write(page(), found).unwrap();
        return;
    }
    assert!(found == written, "docs/serde-v8.md is not what happens: BLESS=1 cargo test --test conversions");
}
