//! Modules exchange types: no code of this crate takes a text apart that this crate has written as prose.
//!
//! The test looks for comparisons of texts with literals of prose: `starts_with("a string of ")`, `== "an array"`, a pattern of a `match`.
//! Prose is a literal with a space and a word. What others write may be compared: an engine's messages, JavaScript, files of the kernel.

use std::collections::BTreeMap;
use std::fs;

use scan::sources;
use syn::punctuated::Punctuated;
use syn::visit::Visit;
use syn::{Expr, Lit, Pat, Token};

mod scan;

/// Literals of prose that are compared with texts of others: the file, the literal, and whose text it is.
const OF_OTHERS: [(&str, &str, &str); 17] = [
    ("sandbox-core/src/error/hints.rs", " is not defined", "the engine's message"),
    ("sandbox-core/src/error/hints.rs", "Code generation from strings disallowed", "the engine's message"),
    ("sandbox-core/src/error/hints.rs", "eval is not supported", "the engine's message"),
    ("sandbox-core/src/error/hints.rs", " from ", "a script"),
    ("sandbox-runtime/src/isolate/engine/quickjs.rs", "at ", "the engine's stack"),
    (
        "sandbox-runtime/src/isolate/calls/exported.rs",
        "Maximum call stack size exceeded",
        "the engine's message",
    ),
    ("sandbox-runtime/src/isolate/calls/exported.rs", "RangeError: ", "the engine's message"),
    ("sandbox-runtime/src/isolate/calls/exported.rs", "Uncaught ", "the engine's message"),
    ("sandbox-runtime/src/isolate/run/thrown.rs", "Array buffer allocation failed", "the engine's message"),
    ("sandbox-runtime/src/isolate/run/thrown.rs", "Maximum call stack size exceeded", "the engine's message"),
    ("sandbox-runtime/src/isolate/calls/exported.rs", "Error: ", "the engine's message"),
    ("sandbox-core/src/error/hints.rs", "does not provide an export named", "the engine's message"),
    ("sandbox-core/src/script/source_map.rs", "//# sourceMappingURL=", "a script"),
    ("sandbox-core/src/script/source_map.rs", "//@ sourceMappingURL=", "a script"),
    ("sandbox-runtime/src/isolate/engine/scope.rs", "\n    at ", "the engine's stack"),
    ("sandbox-core/src/schema/zod.rs", "const ", "JavaScript that declares a name"),
    ("sandbox-core/src/schema/zod.rs", "function ", "JavaScript that declares a name"),
];

/// Methods that take a text apart, or look for a part of it.
const METHODS: [&str; 14] = [
    "contains",
    "ends_with",
    "eq",
    "find",
    "matches",
    "rfind",
    "rsplit",
    "rsplit_once",
    "split",
    "split_once",
    "starts_with",
    "strip_prefix",
    "strip_suffix",
    "trim_start_matches",
];

/// The literals of one file that texts are compared with.
#[derive(Default)]
struct Compared {
    constants: BTreeMap<String, String>,
    found: Vec<String>,
}

impl Compared {
    fn text(&self, expr: &Expr) -> Option<String> {
        match expr {
            Expr::Lit(literal) => literal_text(&literal.lit),
            Expr::Reference(reference) => self.text(&reference.expr),
            Expr::Path(path) => self.constants.get(&path.path.segments.last()?.ident.to_string()).cloned(),
            _ => None,
        }
    }

    fn compare(&mut self, expr: &Expr) {
        let prose = self.text(expr).filter(|text| is_prose(text));
        self.found.extend(prose);
    }
}

fn literal_text(literal: &Lit) -> Option<String> {
    if let Lit::Str(text) = literal { Some(text.value()) } else { None }
}

fn is_prose(text: &str) -> bool {
    let is_word = |word: &str| word.len() > 1 && word.chars().all(char::is_alphabetic);
    text.contains(' ') && text.split(|c: char| !c.is_alphabetic()).any(is_word)
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::Path(path) => path.is_ident("test"),
        syn::Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        syn::Meta::NameValue(_) => false,
    })
}

impl<'ast> Visit<'ast> for Compared {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            syn::visit::visit_item_mod(self, item);
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if METHODS.contains(&call.method.to_string().as_str()) {
            call.args.iter().for_each(|argument| self.compare(argument));
        }
        syn::visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        if matches!(binary.op, syn::BinOp::Eq(_) | syn::BinOp::Ne(_)) {
            self.compare(&binary.left);
            self.compare(&binary.right);
        }
        syn::visit::visit_expr_binary(self, binary);
    }

    fn visit_pat(&mut self, pattern: &'ast Pat) {
        if let Pat::Lit(literal) = pattern {
            self.found.extend(literal_text(&literal.lit).filter(|text| is_prose(text)));
        }
        syn::visit::visit_pat(self, pattern);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let arguments = call.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated);
        let arguments = arguments.unwrap_or_default();
        // The parsed arguments live as long as this call, and the literals found are copies.
        let mut inner = Compared { constants: self.constants.clone(), found: Vec::new() };
        arguments.iter().for_each(|argument| inner.visit_expr(argument));
        self.found.append(&mut inner.found);
    }
}

/// The constants that are texts.
struct Constants(BTreeMap<String, String>);

impl<'ast> Visit<'ast> for Constants {
    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        if let Expr::Lit(literal) = &*item.expr {
            self.0.extend(literal_text(&literal.lit).map(|text| (item.ident.to_string(), text)));
        }
    }
}

#[test]
fn no_text_of_this_crate_is_taken_apart() {
    let files = sources(&["sandbox-core", "sandbox-runtime", "sandbox-worker"]);
    let parsed =
        files.iter().map(|file| (file, syn::parse_file(&fs::read_to_string(file).unwrap()).unwrap()));
    let parsed = parsed.collect::<Vec<_>>();
    let mut constants = Constants(BTreeMap::new());
    parsed.iter().for_each(|(_, file)| constants.visit_file(file));
    let mut wrong = Vec::new();
    for (path, file) in &parsed {
        let mut compared = Compared { constants: constants.0.clone(), found: Vec::new() };
        compared.visit_file(file);
        let path = path.display().to_string();
        for text in compared.found {
            if !OF_OTHERS.iter().any(|(of, literal, _)| *of == path && *literal == text) {
                wrong.push(format!("{path}: {text:?}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "texts are compared with prose; make what they say a type:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn what_takes_prose_apart_is_found() {
    let code = r#"
        const CUT: &str = "; expected ";
        fn all(text: &str) -> bool {
            match text { "a function" => return true, "function" => {}, _ => {} }
            assert!(text == "an array");
            text.starts_with("a string of") || text.split_once(CUT).is_some() || matches!(text.find("got it"), None)
        }
        #[cfg(test)]
        mod tests { fn told(text: &str) -> bool { text.contains("of a test") } }
    "#;
    let file = syn::parse_file(code).unwrap();
    let mut constants = Constants(BTreeMap::new());
    constants.visit_file(&file);
    let mut compared = Compared { constants: constants.0, found: Vec::new() };
    compared.visit_file(&file);
    compared.found.sort();
    assert_eq!(compared.found, ["; expected ", "a function", "a string of", "an array", "got it"]);
}
