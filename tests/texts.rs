//! Each text that a user can meet stands in one file, `tests/golden/texts.txt`. A change of wording is seen there and read.
//!
//! The texts are the string literals of the published crates and of `xtask` that have three words or more. These are errors,
//! panics, the help of `on_unimplemented`, warnings, and the output of `xtask`. Format strings stand as they are written.
//!
//! The file has no parts that are there in tests alone, no documentation, no code of JavaScript, and no expressions for fuzzers.

use std::fs;

use proc_macro2::{TokenStream, TokenTree};
use scan::sources;
use syn::visit::Visit;

mod scan;

const SNAPSHOT: &str = "tests/golden/texts.txt";
const BLESS: &str = "`BLESS=1 cargo test --test texts`";
const HEADER: &str = "The texts that a user can meet, by source file. `BLESS=1 cargo test --test texts` writes this file anew.\n";

/// The texts of one file, in the order of the source.
#[derive(Default)]
struct Texts(Vec<String>);

impl Texts {
    fn add(&mut self, literal: &proc_macro2::Literal) {
        if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
            let text = text.value();
            // Code of JavaScript, TypeScript and Python is no prose.
            let is_code =
                ["const ", "import ", "let "].iter().any(|word| text.trim_start().starts_with(word))
                    || text.contains("=>")
                    || text.contains("; ") && text.contains('{')
                    || text.contains("function ");
            let is_word = |word: &&str| word.len() > 1 && word.starts_with(char::is_alphabetic);
            if !is_code && text.split_whitespace().filter(is_word).count() >= 3 {
                self.0.push(text);
            }
        }
    }

    /// Literals inside of macro calls and attributes, which are tokens to syn. Lints' reasons are for maintainers.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut is_silent = false;
        for token in tokens {
            match token {
                TokenTree::Literal(literal) if !is_silent => self.add(&literal),
                TokenTree::Ident(ident) => is_silent = ident == "doc" || ident == "reason",
                TokenTree::Literal(_) => is_silent = false,
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Punct(_) => {}
            }
        }
    }
}

/// Whether an item is there in tests alone.
fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::Path(path) => path.is_ident("test"),
        syn::Meta::List(list) if list.path.is_ident("cfg") => {
            // `any(test, …)` is there for others too, and so is `not(test)`.
            let cfg = list.tokens.to_string().replace(' ', "");
            cfg == "test" || cfg.starts_with("all(test,")
        }
        _ => false,
    })
}

/// The attributes of an item that can be there in tests alone.
fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        _ => &[],
    }
}

impl<'ast> Visit<'ast> for Texts {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !is_test(attributes(item)) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_test(&item.attrs) {
            syn::visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_lit_str(&mut self, literal: &'ast syn::LitStr) {
        self.add(&literal.token());
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.tokens(call.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        // Documentation is read where it is; lints give reasons to maintainers alone.
        let is_silent =
            ["doc", "allow", "expect", "cfg_attr"].iter().any(|name| attribute.path().is_ident(name));
        if let (false, syn::Meta::List(list)) = (is_silent, &attribute.meta) {
            self.tokens(list.tokens.clone());
        }
    }
}

/// The texts of all files, in the order of the files' names.
fn snapshot() -> String {
    let mut files =
        sources(&["sandbox-core", "sandbox-macros", "sandbox-runtime", "sandbox-worker", "xtask"]);
    files.retain(|file| !file.ends_with("expressions.rs"));
    // The build script refuses features.
    files.insert("sandbox-runtime/build.rs".into());
    let mut all = HEADER.to_owned();
    for file in files {
        let mut texts = Texts::default();
        texts.visit_file(&syn::parse_file(&fs::read_to_string(&file).unwrap()).unwrap());
        if !texts.0.is_empty() {
            all.push_str(&format!("\n# {}\n", file.display()));
        }
        for text in texts.0 {
            // The further lines of a text are indented.
            all.push_str(&format!("{}\n", text.trim_end().replace('\n', "\n    ")));
        }
    }
    all
}

#[test]
fn every_text_stands_in_the_snapshot() {
    let all = snapshot();
    if std::env::var_os("BLESS").is_some() {
        fs::write(SNAPSHOT, &all).unwrap();
    }
    let kept = fs::read_to_string(SNAPSHOT).unwrap_or_default();
    let missing = |from: &str, to: &str| {
        from.lines().filter(|line| !to.lines().any(|other| other == *line)).collect::<Vec<_>>().join("\n")
    };
    assert!(
        kept == all,
        "the texts of the sources and {SNAPSHOT} differ.\nNew texts:\n{}\n\nTexts that are gone:\n{}\n\nRead the new texts, then run {BLESS}.",
        missing(&all, &kept),
        missing(&kept, &all),
    );
}
