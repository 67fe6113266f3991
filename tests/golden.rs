//! What the contract macro makes of a trait, as text: `golden/<case>/input.rs` gives `expanded.rs`, `shim.js` when the
//! host can implement the contract, and what the contract is described with.
//!
//! `BLESS=1 cargo test --test golden` writes them anew; read the difference before you commit it. The inputs are
//! modules of this test, so they compile and run too.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use sandbox_runtime::{Contract, HostContract, LocalSandbox, Script};
use syn::{Item, ItemTrait, Meta};

mod slack;

// A crate of procedural macros cannot be called, so its modules are built into this test.
#[path = "../sandbox-macros/src/args.rs"]
#[allow(dead_code, reason = "the derive macro uses the rest")]
mod args;
#[path = "../sandbox-macros/src/asynchronous.rs"]
mod asynchronous;
#[path = "../sandbox-macros/src/bounds.rs"]
mod bounds;
#[path = "../sandbox-macros/src/check/mod.rs"]
mod check;
#[path = "../sandbox-macros/src/emit/mod.rs"]
mod emit;
#[path = "../sandbox-macros/src/errors.rs"]
mod errors;
#[path = "../sandbox-macros/src/expand.rs"]
mod expand;
#[path = "../sandbox-macros/src/fallback/mod.rs"]
mod fallback;
#[path = "../sandbox-macros/src/model.rs"]
mod model;
#[path = "../sandbox-macros/src/names.rs"]
#[allow(dead_code, reason = "the derive macro uses the rest")]
mod names;
#[path = "../sandbox-macros/src/parse.rs"]
mod parse;
#[path = "../sandbox-macros/src/paths.rs"]
mod paths;

#[path = "golden/async_rules/input.rs"]
mod async_rules;
#[path = "golden/rules/input.rs"]
mod rules;
#[path = "golden/scalars/input.rs"]
mod scalars;
#[path = "golden/store/input.rs"]
mod store;

#[test]
fn expansions() {
    for case in ["scalars", "store", "rules", "async_rules"] {
        let input = fs::read_to_string(folder(case).join("input.rs")).expect("the input can be read");
        compare(case, "expanded.rs", &expanded(&input));
    }
}

#[test]
fn shims() {
    compare("scalars", "shim.js", &<dyn scalars::MathApi>::shim());
    compare("store", "shim.js", &<dyn store::Store>::shim());
    compare("async_rules", "shim.js", &<dyn async_rules::Orders>::shim());
}

#[test]
fn descriptions() {
    described::<dyn scalars::MathApi>("scalars");
    described::<dyn store::Store>("store");
    described::<dyn rules::Rule>("rules");
    described::<dyn async_rules::Orders>("async_rules");
}

fn described<C: ?Sized + Contract>(case: &str) {
    let description = C::describe();
    compare(case, "types.d.ts", &description.typescript());
    // The helpers are the same in each, and a file of their own.
    let helpers = include_str!("../sandbox-core/src/schema/zod_helpers.js");
    let zod = description.zod().replace(helpers, "// … the helpers of zod_helpers.js …\n");
    compare(case, "schema.zod.mjs", &zod);
    compare(case, "schema.json", &pretty(&description.json_schema()));
    compare(case, "description.json", &pretty(&description));
    // Applications keep it beside their scripts.
    compare(case, "fingerprint", &(description.fingerprint() + "\n"));
}

fn pretty(data: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(data).expect("data") + "\n"
}

#[test]
fn inputs_run() {
    let sandbox = LocalSandbox::builder()
        .limits(slack::long())
        .host::<dyn store::Store>(Users)
        .build()
        .expect("a sandbox");
    let source = "
        export const add = (a, b) => a + b;
        export const isEven = (n) => n % 2 === 0 && Kv.getUser('a').displayName === 'Ada' && Kv.count() === 0n;
        export const reset = () => {};
        export const net = (quantity) => quantity * 2;
        export const percent = () => { throw new Error('no') };
        export const label = () => 'rule';
        export const best = (sold, note) => sold[note.text];
        export const assertSane = () => {};
    ";
    let guest = sandbox.eval(Script::new("all.js", source)).expect("the script runs");
    let math = guest.bind::<dyn scalars::MathApi>().expect("a guest of MathApi");
    assert_eq!(scalars::MathApi::add(&math, 1.0, 2.0).expect("a sum"), 3.0);
    assert!(scalars::MathApi::is_even(&math, 4).expect("an answer"));
    let rule = guest.bind::<dyn rules::Rule>().expect("a guest of Rule");
    assert_eq!(rules::Rule::gross(&rule, 10, "CH").expect("a price"), 20.0 * 1.081);
    let item = rules::Item { count: 2, unit: None };
    let sold = [("a".to_owned(), item.clone())].into();
    let note = rules::Note { text: "a".to_owned() };
    assert_eq!(rules::Rule::best(&rule, sold, note).expect("an item"), Some(item));
    rules::Rule::assert_sane(&rule);
    assert_eq!((rules::Rule::percent(&rule, 30), rules::Rule::label(&rule)), (70, "rule".to_owned()));
}

/// Without `#[cfg]`, as the compiler sees it.
#[test]
fn specs_are_in_step_with_ops() {
    let spec = <dyn store::Store as Contract>::SPEC;
    let names = spec.methods.iter().map(|method| &*method.name).collect::<Vec<_>>();
    assert_eq!((&*spec.name, names), ("Kv", vec!["getUser", "putUser", "blob", "count"]));
}

#[test]
fn a_method_costs_about_25_lines() {
    for (arguments, is_async, most) in [
        ("", false, 31),
        ("(guest)", false, 23),
        ("(host)", false, 21),
        ("", true, 45),
        ("(guest)", true, 32),
        ("(host)", true, 27),
    ] {
        let (few, many) = (lines(arguments, is_async, 3), lines(arguments, is_async, 6));
        let each = (many - few).div_ceil(3 * METHODS.len());
        assert!(each <= most, "a method costs {each} lines in `#[sandbox_api{arguments}]`, more than {most}");
    }
}

const METHODS: [&str; 4] = [
    "fn reset@(&self) -> Result<()>;",
    "fn read@(&self, key: &str) -> Result<Option<String>>;",
    "fn is_even@(&self, n: i32) -> Result<bool>;",
    "fn put@(&self, key: &str, rule: Rule) -> Result<Rule>;",
];

/// How many lines a trait with `times` times the methods becomes, without those of the trait itself.
fn lines(arguments: &str, is_async: bool, times: usize) -> usize {
    let fn_ = if is_async { "async fn" } else { "fn" };
    let methods =
        (0..times).flat_map(|n| METHODS.map(|method| method.replace('@', &n.to_string()).replace("fn", fn_)));
    let methods = methods.collect::<String>();
    let written = format!("#[sandbox_api{arguments}] pub trait Example {{ {methods} }}");
    expanded(&written).lines().count() - times * METHODS.len()
}

struct Users;

impl store::Store for Users {
    fn get_user(&self, _: &str) -> Option<store::User> {
        let (display_name, role) = ("Ada".to_owned(), store::Role::Writer);
        Some(store::User { display_name, age: None, role, visits: Vec::new() })
    }

    fn put_user(&self, _: &str, _: &store::User) -> Result<bool, String> {
        Ok(false)
    }

    fn read_blob(&self, _: &str, _: u32, _: u64) -> Result<sandbox_runtime::Bytes, std::io::Error> {
        Ok(sandbox_runtime::Bytes::from(&[1, 2][..]))
    }
}

/// The file with its contracts expanded, formatted as the repository is.
fn expanded(input: &str) -> String {
    let mut file = syn::parse_file(input).expect("the input is Rust");
    let items = file.items.drain(..).map(|item| match item {
        Item::Trait(item) => expanded_trait(item),
        other => other.into_token_stream(),
    });
    let items = items.collect::<TokenStream>();
    let file = syn::parse2(items).expect("the expansion is a list of items");
    format!(
        "// What the macro makes of `input.rs`; see `tests/golden.rs`.\n\n{}",
        formatted(&prettyplease::unparse(&file))
    )
}

fn expanded_trait(mut item: ItemTrait) -> TokenStream {
    let Some(at) = item.attrs.iter().position(|attr| attr.path().is_ident("sandbox_api")) else {
        return quote!(#item);
    };
    let arguments = match item.attrs.remove(at).meta {
        Meta::List(list) => list.tokens,
        _ => TokenStream::new(),
    };
    expand::sandbox_api(arguments, quote!(#item))
}

fn formatted(source: &str) -> String {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path", env!("CARGO_MANIFEST_DIR")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("rustfmt is a component of the toolchain that the repository pins");
    rustfmt.stdin.take().expect("a pipe").write_all(source.as_bytes()).expect("rustfmt reads");
    let output = rustfmt.wait_with_output().expect("rustfmt ends");
    assert!(output.status.success(), "rustfmt takes the expansion");
    String::from_utf8(output.stdout).expect("rustfmt writes UTF-8")
}

fn folder(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(case)
}

fn compare(case: &str, name: &str, found: &str) {
    let path = folder(case).join(name);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, found).expect("the golden can be written");
        return;
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == found,
        "tests/golden/{case}/{name} differs:\n{}\nIf that is meant, run: BLESS=1 cargo test --test golden",
        difference(&expected, found)
    );
}

/// The lines between those that both have at the start and at the end.
fn difference(expected: &str, found: &str) -> String {
    let (old, new) = (expected.lines().collect::<Vec<_>>(), found.lines().collect::<Vec<_>>());
    let shorter = old.len().min(new.len());
    let start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let end = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count().min(shorter - start);
    let removed = old[start..old.len() - end].iter().map(|line| format!("-{line}\n"));
    let added = new[start..new.len() - end].iter().map(|line| format!("+{line}\n"));
    format!("@@ line {} @@\n{}", start + 1, removed.chain(added).collect::<String>())
}
