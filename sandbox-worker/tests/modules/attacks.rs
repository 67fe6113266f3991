//! Guests that turn the loader against its host.

use std::time::{Duration, Instant};

use sandbox_runtime::{Error, LimitKind, LocalSandbox, Sandbox};

use super::slack::long;
use super::{Limits, Modules, Say, Script, refused, said, script};

/// A loader in JavaScript would ask all of this. A guest may have replaced any of it.
const POLLUTION: &str = "
    Object.prototype.exports = 'polluted'; Object.prototype['./b.js'] = 'polluted';
    Array.prototype[Symbol.iterator] = null; Map.prototype.get = Map.prototype.set = null;
    Promise.prototype.then = () => { throw 'then'; }; Promise.resolve = null;
    Object.defineProperty(Promise, Symbol.species, { get() { throw 'species'; } });
    JSON.parse = () => 'polluted'; String.prototype.split = null; Function.prototype.call = null;
    Object.defineProperty(Object.prototype, '0', { set() { throw 'setter'; }, get() { return 'getter'; }, configurable: true });
    Object.defineProperty(Object.prototype, 'type', { get() { return 'json'; }, configurable: true });
";

#[test]
fn pollution_changes_no_resolution() {
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let main = format!(
        "{POLLUTION}\nconst a = require('./a.mjs');\nexports.say = () => a.a + require('./c.json').c + require('./b.js').b;"
    );
    let files = [
        ("main.cjs", &*main),
        ("a.mjs", "import b from './b.js';\nexport const a = 'a' + b.b;"),
        ("b.js", "exports.b = 'b';"),
        ("c.json", "{ \"c\": \"c\" }"),
    ];
    assert_eq!(sandbox.load::<dyn Say>(script(&files)).unwrap().say().unwrap(), "abcb");
    assert_eq!(sandbox.load::<dyn Say>(script(&files)).unwrap().say().unwrap(), "abcb");
}

#[test]
fn getters_of_exports_are_code_of_the_guest() {
    assert_eq!(
        said(&[
            (
                "main.js",
                "let seen = '';\ntry { require('./a.js'); } catch (e) { seen = e; }\nexports.say = () => seen;"
            ),
            ("a.js", "Object.defineProperty(module, 'exports', { get() { throw 'getter'; } });"),
        ]),
        "getter"
    );
    assert_eq!(
        said(&[
            ("main.mjs", "import a from './a.js';\nexport const say = () => String(a.a);"),
            (
                "a.js",
                "let count = 0;\nObject.defineProperty(exports, 'a', { get() { return ++count; } });\nexports.b = 1;"
            ),
        ]),
        "1"
    );
}

/// A name that is no Unicode is no name, and stands for no file whose name has the sign of a repair.
#[test]
fn half_of_a_surrogate_pair_names_nothing() {
    let files = |main| [("main.js", main), ("\u{fffd}.js", "exports.a = 'repaired';")];
    for main in [
        "let seen = 'none';\nimport('./\\ud800.js').catch((e) => { seen = e.name + e.message; });\nexports.say = () => seen;",
        "let seen = 'none';\ntry { require('./\\udc00.js'); } catch (e) { seen = e.name + e.message; }\nexports.say = () => seen;",
    ] {
        let seen = said(&files(main));
        assert!(seen.starts_with("TypeError") && seen.contains("half of a surrogate pair"), "{seen}");
    }
    let error = refused(&files("import './\\ud800.js';"));
    assert!(error.to_string().contains("half of a surrogate pair"), "{error}");
    assert_eq!(said(&files("exports.say = () => require('./\u{fffd}.js').a;")), "repaired");
}

#[test]
fn scripts_that_fail_are_not_kept() {
    let text = format!("export const a = '{}';", "\u{263a}".repeat(500_000));
    for main in ["import './a.js';\nimport './none.js';", "import './a.js';\nthrow new Error('no');"] {
        let sandbox = LocalSandbox::builder().limits(Limits { heap: 32 << 20, ..long() }).build().unwrap();
        let faulty = script(&[("main.mjs", main), ("a.js", &text)]);
        for _ in 0..60 {
            let error = sandbox.load::<dyn Say>(faulty.clone()).map(drop).unwrap_err();
            assert!(matches!(error, Error::Guest(_)), "{error:?}");
        }
        let fine = [("main.mjs", "export const say = () => 'fine';")];
        assert_eq!(sandbox.load::<dyn Say>(script(&fine)).unwrap().say().unwrap(), "fine");
    }
}

/// Code of a script that failed can be there still. Nothing of the script is.
#[test]
fn code_of_a_script_that_failed_loads_nothing() {
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let failing = "globalThis.left = () => require('./a.js');\nglobalThis.later = () => import('./a.js');\nglobalThis.now = import('./a.js');\nthrow new Error('no');";
    let error = sandbox.load::<dyn Say>(script(&[("main.cjs", failing), ("a.js", "exports.a = 1;")]));
    assert!(matches!(error.map(drop), Err(Error::Guest(_))));
    let asking = "let seen = [];\ntry { left(); } catch (e) { seen.push(e.name); }\nlater().catch((e) => seen.push(e.name));\n\
                  now.then((a) => seen.push(a.default.a), (e) => seen.push(e.name));\n\
                  exports.say = () => seen.join();";
    let guest = sandbox.load::<dyn Say>(script(&[("main.cjs", asking)])).unwrap();
    guest.say().unwrap();
    assert_eq!(guest.say().unwrap(), "TypeError,TypeError,TypeError");
}

#[test]
fn a_hundred_thousand_imports_are_answered_within_the_limits() {
    let source = "let done = 0;\nfor (let i = 0; i < 100_000; i++) import(i % 2 ? './a.js' : './none.js').then(() => done++, () => done++);\n\
                  await null;\nexport const say = () => String(done);";
    let sandbox = Sandbox::builder().limits(Limits { heap: 512 << 20, ..long() }).build().unwrap();
    let guest =
        sandbox.load::<dyn Say>(script(&[("main.mjs", source), ("a.js", "export const a = 1;")])).unwrap();
    guest.say().unwrap();
    assert_eq!(guest.say().unwrap(), "100000");
}

#[test]
fn endless_imports_end_and_the_sandbox_goes_on() {
    let limits = Limits { wall: std::time::Duration::from_millis(200), ..Limits::default() };
    let sandbox = Sandbox::builder().limits(limits).build().unwrap();
    let files = [
        (
            "main.mjs",
            "let on = true;\nconst again = () => on && import('./a.js').then(again);\nexport const say = () => { on = true; again(); return 'said'; };",
        ),
        ("a.js", "export const a = 1;"),
        ("loop.js", "export {};\nfor (;;);"),
    ];
    let guest = sandbox.load::<dyn Say>(script(&files)).unwrap();
    assert!(matches!(guest.say(), Err(Error::Limit { kind: LimitKind::Wall, .. })));
    let files = [
        ("main.mjs", "export const say = () => { import('./loop.js').catch(() => {}); return 'said'; };"),
        ("loop.js", "export {};\nfor (;;);"),
    ];
    let guest = sandbox.load::<dyn Say>(script(&files)).unwrap();
    assert!(matches!(guest.say(), Err(Error::Limit { kind: LimitKind::Wall, .. })));
    // The module was ended in the middle of its evaluation. A second import of it does not end the process.
    _ = guest.say();
    let fine = [("main.mjs", "export const say = () => 'fine';")];
    assert_eq!(sandbox.load::<dyn Say>(script(&fine)).unwrap().say().unwrap(), "fine");
}

#[test]
fn deep_chains_end_at_the_stack() {
    const MANY: usize = 4000;
    let name = |at: usize, extension: &str| format!("m{at}.{extension}");
    for (extension, line) in [
        ("mjs", "import './NEXT';\nexport const say = () => 'deep';"),
        ("cjs", "require('./NEXT');\nexports.say = () => 'deep';"),
        ("mjs", "import './NEXT';\nawait null;\nexport const say = () => 'deep';"),
    ] {
        let modules = (0..MANY).fold(Modules::new(), |modules, at| {
            let source = if at + 1 == MANY { "" } else { line };
            modules.file(name(at, extension), source.replace("NEXT", &name(at + 1, extension)))
        });
        let script = Script::modules(modules, &name(0, extension)).unwrap();
        let sandbox = Sandbox::builder().limits(long()).build().unwrap();
        let outcome = sandbox.load::<dyn Say>(script).and_then(|guest| guest.say());
        assert!(matches!(outcome, Err(Error::Limit { kind: LimitKind::Stack, .. })), "{outcome:?}");
        let fine = [("main.mjs", "export const say = () => 'fine';")];
        assert_eq!(sandbox.load::<dyn Say>(super::script(&fine)).unwrap().say().unwrap(), "fine");
    }
}

#[test]
fn a_source_url_names_no_module_of_another_script() {
    let files = [
        (
            "main.mjs",
            "export const say = () => 'main';\nexport const later = () => import('./a.js');\n//# sourceURL=/etc/passwd",
        ),
        ("a.js", "export const a = 1;"),
    ];
    assert_eq!(said(&files), "main");
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let alone = Script::new(
        "main.mjs",
        "let e = 'none';\nimport('./a.js').then(() => { e = 'loaded'; }, () => { e = 'refused'; });\nexport const say = () => e;",
    );
    let _other = sandbox.load::<dyn Say>(script(&files)).unwrap();
    let guest = sandbox.load::<dyn Say>(alone).unwrap();
    guest.say().unwrap();
    assert_eq!(guest.say().unwrap(), "refused");
}

/// The engine would abort, had its callback neither a promise nor an exception.
#[test]
fn imports_without_end_end_at_the_limit() {
    let mut modules = Modules::new();
    for number in 1..4_096 {
        modules = modules.file(format!("{number}.js"), "");
    }
    let source = "export const say = (what) => { for (;;) import('./nope.js'); };";
    let script = Script::modules(modules.file("main.js", source), "main.js").unwrap();
    for _ in 0..5 {
        let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
        let guest = sandbox.load::<dyn Say>(script.clone()).unwrap();
        let deadline = Instant::now() + Duration::from_millis(50);
        let outcome = guest.with_deadline(deadline).say();
        assert!(matches!(outcome, Err(Error::Limit { .. })), "{outcome:?}");
        let on = sandbox.load::<dyn Say>(crate::script(&[("on.js", "export const say = () => 'on'")]));
        assert_eq!(on.and_then(|guest| guest.say()).unwrap(), "on");
    }
}
