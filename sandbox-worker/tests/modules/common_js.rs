//! `require`, and imports of CommonJS.

use sandbox_runtime::{Error, Script};

use super::{Modules, refused, said, script};

#[test]
fn files_require_each_other() {
    assert_eq!(
        said(&[
            (
                "main.js",
                "const { a } = require('./lib/a');\nconst data = require('./data.json');\n\
                 const text = require('./text.txt');\nexports.say = () => [a(), data.b, text, require('./data') === data].join();",
            ),
            ("lib/a.js", "const main = require('..');\nexports.a = () => 'a' + typeof main;"),
            ("index.js", "module.exports = function () {};"),
            ("data.json", r#"{ "b": "b" }"#),
            ("text.txt", "text"),
        ]),
        "afunction,b,text,true"
    );
}

#[test]
fn a_cycle_finds_the_exports_so_far() {
    assert_eq!(
        said(&[
            (
                "main.cjs",
                "exports.early = 1;\nconst a = require('./a.cjs');\nexports.late = 2;\nexports.say = () => a.seen + a.now();"
            ),
            (
                "a.cjs",
                "const main = require('./main.cjs');\nexports.seen = Object.keys(main).join();\nexports.now = () => ' ' + main.late;"
            ),
        ]),
        "early 2"
    );
}

#[test]
fn an_entry_without_exports_gives_its_functions() {
    assert_eq!(
        said(&[
            ("main.js", "const { a } = require('./a.js');\nfunction say() { return a; }"),
            ("a.js", "exports.a = 'a';")
        ]),
        "a"
    );
    assert_eq!(
        said(&[("main.js", "module.exports = () => require('./a.json');"), ("a.json", "\"only\"")]),
        "only"
    );
}

#[test]
fn es_modules_import_common_js() {
    assert_eq!(
        said(&[
            (
                "main.js",
                "import tax, { rate } from './tax.cjs';\nimport * as all from './tax.cjs';\nexport const say = () => `${tax.tax(4)} ${rate} ${all.default === tax}`;"
            ),
            ("tax.cjs", "exports.rate = 0.25;\nexports.tax = (net) => net * exports.rate;"),
        ]),
        "1 0.25 true"
    );
}

#[test]
fn common_js_requires_es_modules_that_do_not_wait() {
    assert_eq!(
        said(&[
            ("main.cjs", "const { a, default: b } = require('./a.mjs');\nexports.say = () => a + b;"),
            ("a.mjs", "export const a = 'a';\nexport default 'b';"),
        ]),
        "ab"
    );
    let error = refused(&[("main.cjs", "require('./a.mjs');"), ("a.mjs", "await 1;\nexport {};")]);
    assert!(
        error.to_string().contains("the ES module waits at its top level; await import() of it"),
        "{error}"
    );
}

#[test]
fn a_module_that_is_evaluated_is_not_required_in_a_cycle() {
    let files = [
        ("main.mjs", "import './a.cjs';\nexport const say = () => '';"),
        ("a.cjs", "require('./b.mjs');"),
        ("b.mjs", "import './main.mjs';\nexport {};"),
    ];
    let error = refused(&files);
    assert!(
        error.to_string().contains("require of \"./b.mjs\": the ES module waits for this file, in a cycle"),
        "{error}"
    );
}

#[test]
fn what_throws_is_run_again() {
    assert_eq!(
        said(&[
            (
                "main.js",
                "const caught = [0, 1, 2].map(() => { try { return require('./a.js').a; } catch (e) { return e.message; } });\n\
                 exports.say = () => caught.join();",
            ),
            ("count.js", "exports.count = 0;"),
            (
                "a.js",
                "const c = require('./count.js');\nif (++c.count < 3) throw new Error('no ' + c.count);\nexports.a = 'a';"
            ),
        ]),
        "no 1,no 2,a"
    );
}

/// A file is CommonJS for each who asks for it, whoever was first.
#[test]
fn a_file_that_was_required_is_imported_as_common_js() {
    for first in ["require('./a.js');", "import('./a.js');", ""] {
        assert_eq!(
            said(&[
                (
                    "main.cjs",
                    &format!(
                        "let seen = 'nothing';\n{first}\nimport('./a.js').then((a) => {{ seen = a.default.a + typeof a.b; }}, (e) => {{ seen = e; }});\nexports.say = () => seen;"
                    )
                ),
                ("a.js", "this.b = 'b';\nmodule.exports = { a: 'a' };"),
            ]),
            "aundefined",
            "{first}"
        );
    }
}

/// The parser finds the stack full at the first depths, and the file is the same one at the last.
#[test]
fn a_full_stack_tells_nothing_about_the_form_of_a_file() {
    let nested = format!("exports.a = {}'a'{};", "(".repeat(300), ")".repeat(300));
    let main = "let tries = 0;\nconst deep = () => { try { return deep(); } catch { tries++; return require('./a.js').a; } };\n\
                const a = deep();\nexports.say = () => a + (tries > 1);";
    assert_eq!(said(&[("main.cjs", main), ("a.js", &nested)]), "atrue");
}

#[test]
fn a_faulty_require_says_what_is_wrong() {
    for (require, text) in [
        ("require('./none')", "require of \"./none\": the script has no module `none`"),
        ("require('fs')", "require of \"fs\": the name is neither relative nor mapped"),
        ("require('node:fs')", "no URL and no built-in module"),
        ("require()", "require of undefined: the name of a module is a text"),
        ("require({ toString: () => './a.js' })", "the name of a module is a text"),
        ("new require('./a.js')", "not a constructor"),
        ("require('./faulty.js')", "Unexpected"),
        (
            "require('./imports.mjs')",
            "import of \"./none.js\": the script has no module `none.js`; add it with `Modules::file` (at imports.mjs:1:8)",
        ),
    ] {
        let error = refused(&[
            ("main.js", &format!("{require};")),
            ("a.js", ""),
            ("faulty.js", "let 1;"),
            ("imports.mjs", "import './none.js';"),
        ]);
        assert!(matches!(error, Error::Guest(_)) && error.to_string().contains(text), "{error:?}");
    }
}

#[test]
fn a_script_of_one_module_has_no_require() {
    let sandbox = sandbox_runtime::LocalSandbox::builder().limits(super::slack::long()).build().unwrap();
    let source = "exports.say = () => typeof require;";
    let say = |script| sandbox.load::<dyn super::Say>(script).unwrap();
    use super::Say;
    assert_eq!(say(Script::new("a.cjs", source)).say().unwrap(), "undefined");
    assert_eq!(say(script(&[("a.cjs", source)])).say().unwrap(), "function");
    assert_eq!(Modules::new().names().count(), 0);
}
