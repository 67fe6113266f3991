//! `import()` of modules of the script.

use sandbox_runtime::{Result, sandbox_api};

use super::slack::long;
use super::{refused, said, script};

#[sandbox_api(guest)]
pub(crate) trait SayLater {
    async fn say(&self) -> Result<String>;
}

#[sandbox_api(host)]
pub(crate) trait Tool {
    async fn fetch(&self, name: String) -> String;
}

struct Echo;

#[sandbox_runtime::async_trait]
impl Tool for Echo {
    async fn fetch(&self, name: String) -> String {
        tokio::task::yield_now().await;
        name
    }
}

/// The result of an `async` function of the script, at every site.
fn awaited(files: &[(&str, &str)]) -> String {
    alike!(|builder| builder.limits(long()).host::<dyn Tool>(Echo), |sandbox| {
        let said = super::sites::runtime().block_on(async {
            let guest = sandbox.load_async::<dyn SayLater>(script(files)).await?;
            guest.say().await
        });
        said.unwrap_or_else(|error: sandbox_runtime::Error| error.to_string())
    })
}

#[test]
fn a_module_is_imported_when_it_is_asked_for() {
    let files = [
        (
            "main.js",
            "export const say = async () => [(await import('./a.js')).a, (await import('./b.json')).default, (await import('./c.cjs')).default.c].join();",
        ),
        ("a.js", "export const a = 'a';"),
        ("b.json", "\"b\""),
        ("c.cjs", "exports.c = 'c';"),
    ];
    assert_eq!(awaited(&files), "a,b,c");
}

#[test]
fn code_of_any_kind_imports() {
    let files = [
        (
            "main.cjs",
            "exports.say = async () => [(await import('./lib/a.js')).a, await require('./lib/b.cjs')()].join();",
        ),
        ("lib/a.js", "export const a = await import('../c.js').then((c) => c.c);"),
        ("lib/b.cjs", "module.exports = async () => (await import('../c.js')).c;"),
        ("c.js", "export const c = 'c';"),
    ];
    assert_eq!(awaited(&files), "c,c");
}

#[test]
fn a_module_waits_for_the_host() {
    let files = [
        (
            "main.js",
            "import { a } from './a.js';\nexport const say = async () => a + (await import('./b.js')).b;",
        ),
        ("a.js", "export const a = await Tool.fetch('a');"),
        ("b.js", "export const b = await Tool.fetch('b');"),
    ];
    assert_eq!(awaited(&files), "ab");
}

#[test]
fn what_fails_rejects_each_time() {
    let caught = "const no = (name, options) => import(name, options).then(() => 'yes', (e) => `${e.name}: ${e.message}`);";
    for (name, text) in [
        ("./none.js", "TypeError: import of \"./none.js\": the script has no module `none.js`"),
        ("node:fs", "TypeError: import of \"node:fs\": no URL"),
        ("./throws.js", "Error: no"),
        ("./faulty.js", "SyntaxError: "),
        (
            "./missing.js",
            "SyntaxError: The requested module './throws.js' does not provide an export named 'b'",
        ),
        (
            "./deep.js",
            "TypeError: import of \"./gone.js\": the script has no module `gone.js`; add it with `Modules::file` (at deep.js:1:8)",
        ),
    ] {
        let source = format!(
            "{caught}\nexport const say = async () => [await no('{name}'), await no('{name}')].join('|');"
        );
        let said = awaited(&[
            ("main.js", &source),
            ("throws.js", "export {};\nthrow new Error('no');"),
            ("faulty.js", "export let 1;"),
            ("missing.js", "import { b } from './throws.js';"),
            ("deep.js", "import './gone.js';"),
        ]);
        let (first, second) = said.split_once('|').unwrap();
        assert!(first.starts_with(text), "{said}");
        assert_eq!(first, second);
    }
    let options =
        "export const say = () => import('./a.json', { with: { type: 'text' } }).catch((e) => e.message);";
    assert!(awaited(&[("main.js", options), ("a.json", "1")]).contains("the module is json"));
}

#[test]
fn a_module_may_import_itself_and_its_importer() {
    let files = [
        (
            "main.js",
            "import { mine } from './a.js';\nexport const name = 'main';\nexport const say = async () => (await mine).name;\nimport('./main.js');",
        ),
        ("a.js", "export const mine = import('./main.js');"),
    ];
    assert_eq!(awaited(&files), "main");
}

#[test]
fn a_namespace_with_then_is_a_thenable() {
    let files = [
        ("main.js", "export const say = async () => await import('./a.js');"),
        ("a.js", "export const then = (resolve) => resolve('then');"),
    ];
    assert_eq!(awaited(&files), "then");
    let entry = [(
        "main.js",
        "export const then = (resolve) => { resolve({}); };\nexport const say = () => 'entry';",
    )];
    assert_eq!(said(&entry), "entry");
}

#[test]
fn a_module_that_waits_asks_for_no_species() {
    let main = "let count = 0;\nObject.defineProperty(Promise, Symbol.species, { get() { count++; return Promise; } });\n\
                export const say = async () => { const { a } = await import('./a.js'); return a + count; };";
    assert_eq!(awaited(&[("main.js", main), ("a.js", "await null;\nexport const a = 'a';")]), "a0");
}

#[test]
fn nothing_waits_for_itself() {
    let error = refused(&[
        ("main.js", "await import('./a.js');"),
        ("a.js", "await import('./main.js');\nexport {};"),
    ]);
    assert!(error.to_string().contains("never settles"), "{error}");
}
