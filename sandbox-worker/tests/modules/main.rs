//! Scripts of several files: each gives the same at every site, names its files in errors, and imports nothing else.

#![cfg(not(feature = "quickjs"))]
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

#[macro_use]
#[path = "../sites/mod.rs"]
mod sites;
#[path = "../slack/mod.rs"]
mod slack;

mod attacks;
mod common_js;
mod dynamic;
mod typescript;

use sandbox_runtime::{
    Error, Intrinsics, LimitKind, Limits, LocalSandbox, Modules, Result, Sandbox, SandboxPool, Script,
    sandbox_api,
};
use slack::long;

#[sandbox_api(guest)]
pub trait Say {
    fn say(&self) -> Result<String>;
}

#[sandbox_api(guest)]
pub trait Shop {
    fn price(&self, net: f64) -> Result<f64>;
    fn currency(&self) -> Result<String>;
}

/// A script of these files that begins with the first one.
pub(crate) fn script(files: &[(&str, &str)]) -> Script {
    let modules = files.iter().fold(Modules::new(), |modules, (name, source)| modules.file(*name, *source));
    Script::modules(modules, files[0].0).unwrap()
}

/// The text that the script of these files says, at every site, in open and in frozen realms.
pub(crate) fn said(files: &[(&str, &str)]) -> String {
    let said = [Intrinsics::Open, Intrinsics::Frozen].map(|intrinsics| {
        alike!(|builder| builder.limits(long()).intrinsics(intrinsics), |sandbox| {
            let guest = sandbox.load::<dyn Say>(script(files)).and_then(|guest| guest.say());
            guest.unwrap_or_else(|error| format!("{error}"))
        })
    });
    assert_eq!(said[0], said[1], "in an open and in a frozen realm");
    said[0].clone()
}

/// The error of loading the script of these files, at every site.
pub(crate) fn refused(files: &[(&str, &str)]) -> Error {
    let shown = alike!(|builder| builder.limits(long()), |sandbox| {
        let error = sandbox.load::<dyn Say>(script(files)).map(drop).unwrap_err();
        let went_on = sandbox.load::<dyn Say>(script(&[("a.js", "export const say = () => 'on'")]));
        assert_eq!(went_on.unwrap().say().unwrap(), "on");
        format!("{error}")
    });
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let error = sandbox.load::<dyn Say>(script(files)).map(drop).unwrap_err();
    assert_eq!(error.to_string(), shown);
    error
}

fn shop() -> Script {
    let modules = Modules::new()
        .file("main.js", "export * from './lib/price.js';\nexport { currency } from 'money';")
        .file(
            "lib/price.js",
            "import { tax } from '../tax.js';\nimport rates from '../rates.json' with { type: 'json' };\n\
             export const price = (net) => net + tax(net, rates.standard);",
        )
        .file(
            "tax.js",
            "import round from '@acme/round.js';\nexport const tax = (net, rate) => round(net * rate);",
        )
        .file("vendor/round.js", "export default Math.round;")
        .file("money.mjs", "import text from './currency.txt';\nexport const currency = () => text.trim();")
        .json("rates.json", r#"{ "standard": 0.25 }"#)
        .text("currency.txt", "EUR\n")
        .import("money", "money.mjs")
        .import("@acme/", "vendor/");
    Script::modules(modules, "main.js").unwrap()
}

#[test]
fn modules_import_each_other_at_every_site() {
    for intrinsics in [Intrinsics::Open, Intrinsics::Frozen] {
        let results = alike!(|builder| builder.limits(long()).intrinsics(intrinsics), |sandbox| {
            let shop = sandbox.load::<dyn Shop>(shop()).unwrap();
            (shop.price(10.0).unwrap(), shop.currency().unwrap())
        });
        assert_eq!(results, (13.0, "EUR".to_owned()));
    }
    let pool = SandboxPool::builder().limits(long()).build().unwrap();
    assert_eq!(pool.tenant("a").load::<dyn Shop>(shop()).unwrap().price(10.0).unwrap(), 13.0);
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    for realm in [sandbox.realm().unwrap(), sandbox.realm().unwrap()] {
        assert_eq!(realm.load::<dyn Shop>(shop()).unwrap().price(10.0).unwrap(), 13.0);
    }
}

/// The engine's code of each module is kept with a script, and names are found as before.
#[test]
fn a_script_can_be_loaded_again_and_after_a_reset() {
    let long_text = format!("/* {} */", "x".repeat(2048));
    let modules = Modules::new()
        .file("main.js", format!("import {{ b }} from './b.js';\nexport const say = () => b();{long_text}"))
        .file(
            "b.js",
            format!("import c from './c.cjs';\nexport const b = () => c() + import.meta.url;{long_text}"),
        )
        .file("c.cjs", format!("module.exports = () => require('./d') + '.';{long_text}"))
        .json("d.json", "\"d\"");
    let script = Script::modules(modules, "main.js").unwrap();
    let sandbox = Sandbox::builder().limits(long()).build().unwrap();
    for again in 0..6 {
        let guest = sandbox.load::<dyn Say>(script.clone()).unwrap();
        assert_eq!(guest.say().unwrap(), "d.b.js");
        if again == 3 {
            sandbox.reset().unwrap();
            assert!(matches!(guest.say(), Err(Error::Discarded { .. })));
        }
    }
}

/// Two loads of a script share no state.
#[test]
fn each_load_has_modules_of_its_own() {
    let files = [
        ("main.js", "import { next } from './count.js';\nexport const say = () => String(next());"),
        ("count.js", "let count = 0;\nexport const next = () => ++count;"),
    ];
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let [one, other] = [0, 1].map(|_| sandbox.load::<dyn Say>(script(&files)).unwrap());
    assert_eq!([one.say(), one.say(), other.say()].map(Result::unwrap), ["1", "2", "1"]);
}

#[test]
fn cycles_and_waiting_modules_are_loaded() {
    assert_eq!(
        said(&[
            ("main.js", "import { even } from './even.js';\nexport const say = () => String(even(10));"),
            ("even.js", "import { odd } from './odd.js';\nexport const even = (n) => n === 0 || odd(n - 1);"),
            (
                "odd.js",
                "import { even } from './even.js';\nexport const odd = (n) => n !== 0 && even(n - 1);"
            ),
        ]),
        "true"
    );
    assert_eq!(
        said(&[
            (
                "main.js",
                "import { a } from './a.js';\nimport { b } from './b.js';\nexport const say = () => a + b;"
            ),
            ("a.js", "export const a = await Promise.resolve('a');"),
            ("b.js", "import { a } from './a.js';\nexport const b = await Promise.resolve(a + 'b');"),
        ]),
        "aab"
    );
}

#[test]
fn a_module_knows_its_name_and_no_path() {
    assert_eq!(
        said(&[
            (
                "main.js",
                "import { b } from './lib/b.js';\nexport const say = () => JSON.stringify([import.meta, b]);"
            ),
            ("lib/b.js", "export const b = [import.meta, Object.getPrototypeOf(import.meta)];"),
        ]),
        r#"[{"url":"main.js","main":true},[{"url":"lib/b.js","main":false},null]]"#
    );
}

#[test]
fn a_script_of_one_file_may_import_itself() {
    let source = "import * as self from './main.js';\nexport const say = () => typeof self.say;";
    assert_eq!(said(&[("main.js", source)]), "function");
}

/// Each specifier that names no module, and the remedy.
#[test]
fn an_import_of_what_is_no_module_is_refused_where_it_is() {
    for (specifier, text) in [
        ("./tax", "the script has no module `tax`; \"./tax.js\" is one"),
        ("../tax.js", "leaves the folder"),
        ("/tax.js", "relative to its importer"),
        ("tax.js", "write \"./tax.js\""),
        ("lodash", "map this name to it with `Modules::import`"),
        ("./%2e%2e/tax.js", "names are not decoded"),
        ("file:///etc/passwd", "no URL and no built-in"),
        ("https://example.com/a.js", "no URL and no built-in"),
        ("data:text/javascript,export default 1", "no URL and no built-in"),
        ("node:fs", "no URL and no built-in"),
    ] {
        let source = format!("// first\n  import '{specifier}';\nexport const say = () => 'never';");
        let error = refused(&[
            ("main.js", "import './lib/a.js';"),
            ("lib/a.js", "import '../b.js';"),
            ("b.js", &source),
            ("tax.js", ""),
        ]);
        let Error::Guest(thrown) = &error else { panic!("{error:?}") };
        assert_eq!(thrown.name.as_deref(), Some("TypeError"));
        assert!(thrown.message.contains(&format!("import of \"{specifier}\"")), "{thrown:?}");
        assert!(thrown.message.contains(text), "{thrown:?}");
        let frame = &thrown.stack[0];
        assert_eq!((&*frame.file, frame.line, frame.column), ("b.js", 2, 10), "{specifier}");
    }
}

#[test]
fn attributes_are_those_of_the_module() {
    for (import, text) in [
        ("import a from './a.json' with { type: 'text' }", "with the type \"text\": the module is json"),
        ("import a from './a.json' with { mode: 'json' }", "no attribute is named \"mode\""),
        ("import './b.js' with { type: 'json' }", "the module is JavaScript"),
        ("import './b.js' with { type: '' }", "the module is JavaScript"),
        ("import source a from './b.js'", "no phase of imports is there"),
    ] {
        let error = refused(&[("main.js", import), ("a.json", "1"), ("b.js", "")]);
        assert!(matches!(error, Error::Guest(_)) && error.to_string().contains(text), "{error}");
    }
    assert_eq!(
        said(&[
            ("main.js", "import a from './a.txt' with { type: 'text' };\nexport const say = () => a;"),
            ("a.txt", "text"),
        ]),
        "text"
    );
}

#[test]
fn errors_name_the_file_and_the_line() {
    let error = refused(&[("main.js", "import './lib/a.js';"), ("lib/a.js", "let a;\n  let a;\nexport {}")]);
    let Error::Syntax { script: file, line, column, .. } = &error else { panic!("{error:?}") };
    assert_eq!((&**file, *line, *column), ("lib/a.js", 2, 7));

    let error = refused(&[("main.js", "\nimport { b } from './a.js';"), ("a.js", "export const a = 1;")]);
    let Error::Syntax { script: file, line, message, .. } = &error else { panic!("{error:?}") };
    assert_eq!((&**file, *line), ("main.js", 2));
    assert!(message.contains("does not provide an export named 'b'"), "{message}");

    let error = refused(&[("main.js", "import './a.js';"), ("a.js", "export {};\nthrow new Error('no');")]);
    let Error::Guest(thrown) = &error else { panic!("{error:?}") };
    assert_eq!((&*thrown.stack[0].file, thrown.stack[0].line), ("a.js", 2));

    let thrown = alike!(|builder| builder.limits(long()), |sandbox| {
        let files = [
            ("main.js", "import { fail } from './lib/a.js';\nexport const say = () => fail();"),
            ("lib/a.js", "export function fail() {\n  throw new Error('no');\n}"),
        ];
        let Err(Error::Guest(thrown)) = sandbox.load::<dyn Say>(script(&files)).unwrap().say() else {
            panic!("it throws")
        };
        thrown.stack.iter().map(|frame| format!("{}:{}", frame.file, frame.line)).collect::<Vec<_>>()
    });
    assert_eq!(thrown, ["lib/a.js:2", "main.js:2"]);

    let error = refused(&[("main.js", "export { says } from './a.js'"), ("a.js", "export const says = 1")]);
    assert!(matches!(error, Error::Mismatch { .. }), "{error:?}");
    assert!(error.to_string().contains("main.js does not implement Say: no export `say`"), "{error}");
}

#[test]
fn limits_hold_for_several_files() {
    let files = [("main.js", "import './a.js';\nexport const say = () => '';"), ("a.js", "0123456789")];
    let length = files.iter().map(|(name, source)| name.len() + source.len()).sum::<usize>();
    for (script_bytes, fits) in [(length, true), (length - 1, false)] {
        let limits = Limits { script_bytes, ..long() };
        let outcome = alike!(|builder| builder.limits(limits), |sandbox| {
            match sandbox.load::<dyn Say>(script(&files)).map(drop) {
                Ok(()) => true,
                Err(Error::Limit { kind: LimitKind::Script, .. }) => false,
                Err(other) => panic!("{other:?}"),
            }
        });
        assert_eq!(outcome, fits);
    }
    let limits = Limits { wall: std::time::Duration::from_millis(200), ..Limits::default() };
    let ends = alike!(|builder| builder.limits(limits), |sandbox| {
        let endless = [("main.js", "import './a.js';"), ("a.js", "export {};\nfor (;;);")];
        matches!(sandbox.eval(script(&endless)).map(drop), Err(Error::Limit { kind: LimitKind::Wall, .. }))
    });
    assert!(ends);
    let deep = format!("export const a = {}1{};", "(".repeat(100_000), ")".repeat(100_000));
    let error = refused(&[("main.js", "import './a.js';"), ("a.js", &deep)]);
    assert!(matches!(error, Error::Limit { kind: LimitKind::Stack, .. }), "{error:?}");
}
