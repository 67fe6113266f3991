//! The cases of `escape/advisories`, each after a published advisory, and the page of the guide that lists them.
//!
//! `index.json` says for each program which advisory it is after, and what happens here. The program says itself what it
//! tries, how it may end, and what it must say. The tables of `docs/guide/advisories.md` are made of both.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use self::pages::replace;
use super::corpus;

#[path = "../pages/mod.rs"]
mod pages;

/// Where the programs are for who reads the guide elsewhere.
const PROGRAMS: &str = "https://github.com/typed-sandbox/typed-sandbox/blob/main/tests/escape/advisories";

/// The classes, in the order of the page.
const CLASSES: [&str; 8] =
    ["promises", "errors", "inspection", "containers", "changing", "names", "modules", "limits"];

/// Fewer advisories than this were lost, and not removed.
const LEAST: usize = 61;

/// A row of the index.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advisory {
    program: String,
    /// The number that the row is named by: of GitHub's database, or else of the list of CVEs.
    id: String,
    cve: Option<String>,
    product: String,
    versions: Option<String>,
    class: String,
    here: String,
}

impl Advisory {
    fn source(&self) -> String {
        let path = folder().join(format!("{}.js", self.program));
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// A row of the page.
    fn row(&self) -> String {
        let source = self.source();
        let attempt = corpus::attempt(&source).expect("its first line");
        let address = match self.id.starts_with("GHSA-") {
            true => format!("https://github.com/advisories/{}", self.id),
            false => format!("https://nvd.nist.gov/vuln/detail/{}", self.id),
        };
        let cve = self.cve.as_ref().map(|cve| format!(", {cve}")).unwrap_or_default();
        let versions = self.versions.as_ref().map(|versions| format!(" {versions}")).unwrap_or_default();
        let Self { id, product, here, program, .. } = self;
        let ending = ending(&source);
        format!(
            "| [{id}]({address}){cve} | {product}{versions} | {attempt} | {here} | [`{program}`]({PROGRAMS}/{program}.js) {ending} |\n"
        )
    }
}

/// How a program ends on V8, in words.
fn ending(source: &str) -> String {
    let says = corpus::header(source, "says:").expect("a program of an advisory says what it must say");
    match corpus::header(source, "expect:").unwrap_or("ok") {
        "ok" => format!("returns `{says}`"),
        "guest" => format!("throws; the error has `{says}`"),
        "wall" => "ends at its limit of time".to_owned(),
        other => panic!("an ending without words: `{other}`"),
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/escape/advisories")
}

fn index() -> Vec<Advisory> {
    let text = fs::read_to_string(folder().join("index.json")).expect("the index");
    serde_json::from_str(&text).expect("an index of advisories")
}

#[test]
fn every_program_of_an_advisory_is_in_the_index_once() {
    let index = index();
    let mut listed = BTreeSet::new();
    for advisory in &index {
        assert!(listed.insert(format!("{}.js", advisory.program)), "{} has two rows", advisory.program);
        assert!(CLASSES.contains(&advisory.class.as_str()), "{}: a class without a table", advisory.program);
        let number = advisory.id.strip_prefix("GHSA-").map_or(advisory.id.len(), str::len);
        assert!(number == 14 || advisory.id.starts_with("CVE-2"), "{}: no number", advisory.id);
    }
    let numbers = index.iter().map(|advisory| &advisory.id).collect::<BTreeSet<_>>();
    assert_eq!(numbers.len(), index.len(), "an advisory has two rows");
    let programs =
        fs::read_dir(folder()).expect("the programs").map(|entry| entry.expect("an entry").file_name());
    let programs =
        programs.map(|name| name.into_string().expect("a name")).filter(|name| name.ends_with(".js"));
    assert_eq!(programs.collect::<BTreeSet<_>>(), listed);
    assert!(index.len() >= LEAST, "advisories were lost");
}

#[test]
fn the_page_of_advisories_has_what_is_tested() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide/advisories.md");
    let page = fs::read_to_string(&path).expect("the page");
    let index = index();
    let mut found = page.clone();
    for class in CLASSES {
        let mut table =
            String::from("| advisory | of | the way out | here | program |\n|---|---|---|---|---|\n");
        let rows = index.iter().filter(|advisory| advisory.class == class);
        rows.for_each(|advisory| _ = write!(table, "{}", advisory.row()));
        found = replace(&found, class, &table);
    }
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, found).expect("the page can be written");
        return;
    }
    assert!(found == page, "docs/guide/advisories.md is not of the index: BLESS=1 cargo test --test escape");
}
