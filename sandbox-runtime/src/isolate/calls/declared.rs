//! The functions that a script declares at its top level, for `forms` and `last_value`.
//!
//! The text is no place to ask which names are declared where. So all names that the text may declare are collected. For a
//! script without exports, a statement after the script returns the functions that are visible there under these names.
//!
//! No limit of a call ends the searches here, so each takes a time that is linear in the text. Guests choose the names, so
//! the sets of names have hashes with a random seed.

use std::collections::HashSet;

use crate::schema::{GLOBALS, is_variable_name};

/// The most names that are looked for.
const MOST: usize = 1024;

/// The names that a script may give to functions: those behind `function`, and those before `=`. None if the script names
/// `exports`, for then it says itself what it exports. Names of built-in globals are left out, because a function of such a
/// name may be the built-in one.
pub(super) fn names(source: &str) -> Vec<&str> {
    let (mut names, mut seen) = (Vec::new(), HashSet::new());
    let mut is_function = false;
    for word in words(source) {
        if word.text == "exports" {
            return Vec::new();
        }
        let is_declared = (is_function || word.is_assigned) && !word.is_member;
        is_function = word.text == "function";
        let is_free = |name: &str| is_variable_name(name) && !GLOBALS.contains(&name);
        if is_declared && names.len() < MOST && is_free(word.text) && seen.insert(word.text) {
            names.push(word.text);
        }
    }
    names
}

/// The names that a file of CommonJS gives to its exports by `exports.name =`, each once.
pub(super) fn exported(source: &str) -> Vec<&str> {
    each_once(source, "exports", |word| word.is_member && word.is_assigned && word.text != "default")
        .take(MOST)
        .collect()
}

/// The names behind `function`, each once.
pub(super) fn functions(source: &str) -> Vec<&str> {
    each_once(source, "function", |word| is_variable_name(word.text)).collect()
}

/// The words that stand behind another word and are right, each once.
fn each_once<'a>(
    source: &'a str,
    behind: &str,
    is_right: impl Fn(&SourceWord<'a>) -> bool,
) -> impl Iterator<Item = &'a str> {
    let (mut seen, mut is_behind) = (HashSet::new(), false);
    words(source).filter_map(move |word| {
        let was_behind = std::mem::replace(&mut is_behind, word.text == behind);
        (was_behind && is_right(&word) && seen.insert(word.text)).then_some(word.text)
    })
}

/// A word of a script, and what stands around it.
struct SourceWord<'a> {
    text: &'a str,
    /// The word stands behind a dot.
    is_member: bool,
    /// The word stands before `=`.
    is_assigned: bool,
}

/// All words of a text, those in comments and in texts as well.
fn words(source: &str) -> impl Iterator<Item = SourceWord<'_>> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + source[at..].find(is_part)?;
        let rest = &source[start..];
        let text = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
        at = start + text.len();
        let is_member = source[..start].trim_end().ends_with('.');
        let after = source[at..].trim_start();
        let is_assigned = after.starts_with('=') && !after[1..].starts_with(['=', '>']);
        Some(SourceWord { text, is_member, is_assigned })
    })
}

/// A name that begins with `stem`, and that a text does not have. The name ends with the least number that is free.
pub(super) fn unused(source: &str, stem: &str) -> String {
    let number = |at: usize| {
        let rest = &source[at + stem.len()..];
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        // A number that is too great for the type is none that is given.
        rest[..end].parse::<u32>().ok()
    };
    let taken = source.match_indices(stem).filter_map(|(at, _)| number(at)).collect::<HashSet<_>>();
    let free = (0..).find(|free| !taken.contains(free)).unwrap_or(u32::MAX);
    format!("{stem}{free}")
}

/// The text of a script with statements behind it that return the functions of these names; `None` if there are none.
///
/// The statements begin with `const`. A script whose end is in the middle of a statement, such as `if (x)`, parses no better
/// with them.
pub(super) fn returning(source: &str, names: &[&str]) -> Option<String> {
    if names.is_empty() {
        return None;
    }
    let unused = unused(source, "$returned");
    let functions = names.iter().map(|name| format!("typeof {name} === \"function\" ? {name} : void 0"));
    let functions = functions.collect::<Vec<_>>().join(", ");
    Some(format!("{source}\nconst {unused} = 0; try {{ return [{functions}]; }} catch {{}}"))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn names_are_those_of_functions_and_assignments() {
        let found = |source| names(source).join(" ");
        assert_eq!(
            found("function a() {} async function b() {} function* c() {} function *d() {}"),
            "a b c d"
        );
        assert_eq!(
            found("const e = (x) => x == y; let f=1; g = function h() {}; x.i = 1; j === k; l => m"),
            "e f g h"
        );
        assert_eq!(found("function parseInt() {} function if() {} class = 1; 1 = 2; function () {}"), "");
        assert_eq!(found("function a() {} exports.a = a;"), "");
        assert_eq!(found("const élan = 1; a\u{3000}= 2"), "élan a");
        assert_eq!(found("function"), "");
        assert_eq!(functions("function a() {} x = function b() {}; function a() {} let c").join(" "), "a b");
    }

    #[test]
    fn exports_are_named_where_they_are_assigned() {
        let source = "exports.a = 1; module.exports.b = (x) => x; exports.c == 1; exports.default = 1; exports.a = 2; b.c = exports";
        assert_eq!(exported(source).join(" "), "a b");
    }

    #[test]
    fn names_are_bounded() {
        let many = (0..2 * MOST).map(|index| format!("function f{index}() {{}}\n")).collect::<String>();
        assert_eq!(names(&many).len(), MOST);
        assert_eq!(names("let a = 1; a = 2; a = 3").len(), 1);
    }

    #[test]
    fn the_statements_have_a_name_that_is_free() {
        assert_eq!(returning("x", &[]), None);
        let text = returning("let $returned, $returned0, x$returned02_", &["a"]).expect("there is a name");
        assert!(text.contains("\nconst $returned1 = 0;"), "{text}");
        for source in ["", "$a", "$a$a0", "$a1 $a0_ $a2", "$a00000 $a99999999999999999999 $a"] {
            let name = unused(source, "$a");
            assert!(name.starts_with("$a") && !source.contains(&name), "{source}: {name}");
        }
    }

    /// A search that is quadratic in the text takes hours for some of these texts. A linear one takes seconds.
    #[test]
    fn the_search_is_linear_in_the_text() {
        const BYTES: usize = 1 << 20;
        let numbers = (0..BYTES / 16).map(|number| format!("$returned{number} ")).collect::<String>();
        let functions =
            (0..BYTES / 20).map(|number| format!("function f{number}(){{}}\n")).collect::<String>();
        let repeated = ["_", "0", "$", " ", ".", "a.", "a =", "$returned", "$returned_", "function "];
        let repeated = repeated
            .map(|piece| format!("function one(){{}}\nvar $returned{}", piece.repeat(BYTES / piece.len())));
        let begun = Instant::now();
        for source in repeated.iter().chain([&numbers, &functions]) {
            let name = unused(source, "$returned");
            assert!(name.len() < 20 && !source.contains(&name), "{name}");
            assert!(names(source).len() <= MOST);
            assert!(super::functions(source).len() <= BYTES / 20);
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "{:?}", begun.elapsed());
    }
}
