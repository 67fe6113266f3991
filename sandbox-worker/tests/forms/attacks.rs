//! Texts that want out of their form, and objects that lie about what they export.

use std::time::{Duration, Instant};

use sandbox_runtime::{Engine, Error, LimitKind, Limits, LocalSandbox, Script};

use super::slack::long;
use super::{Describe, Sum};

/// Texts that close the function around them. Each marks its realm if any of it runs.
const CLOSING: [&str; 17] = [
    "} globalThis.evil = 1; {",
    "} evil() {",
    "}\nglobalThis.evil = 1\n{",
    "}); globalThis.evil = 1; (function () {",
    "}), (globalThis.evil = 1), (function () {",
    "}, globalThis.evil = 1, function () {",
    "}, evil() {",
    "}, function() {",
    "} + function () {",
    "} function evil() {",
    "} async function evil() {",
    "} }); globalThis.evil = 1; ({ body() {",
    "} } globalThis.evil = 1; { {",
    "} }, function() { function f() {",
    "} }, globalThis.evil = 1, function() { function f() {",
    "}; globalThis.evil = 1; (async () => {",
    "} /*",
];

/// Texts that close the brackets around an expression.
const UNBALANCED: [&str; 9] = [
    "1); globalThis.evil = 1; (2",
    "1]; globalThis.evil = 1; [2",
    "1)\n(globalThis.evil = 1",
    "1, ",
    "...[1]",
    "",
    "1; globalThis.evil = 1",
    "const a = 1",
    "1) || (globalThis.evil = 1",
];

#[test]
fn no_text_closes_its_function() {
    let outcomes = alike!(|builder| builder.limits(long()), |sandbox| {
        let bodies = CLOSING
            .iter()
            .flat_map(|text| [Script::body("a.js", ["p"], *text), Script::async_body("a.js", ["p"], *text)]);
        let expressions = UNBALANCED.iter().map(|text| Script::expression("a.js", *text));
        let last = CLOSING.iter().map(|text| Script::last_value("a.js", ["p"], *text));
        let last = last.chain(
            ["} finally {", "} catch {", "return 1", "'; } let p; {"]
                .map(|text| Script::last_value("a.js", ["p"], text)),
        );
        for script in bodies.chain(expressions).chain(last) {
            let outcome = sandbox.eval(script.clone()).map(drop);
            assert!(matches!(outcome, Err(Error::Syntax { .. })), "{script:?}: {outcome:?}");
        }
        let evil = Script::expression("a.js", "() => typeof evil");
        sandbox.load::<dyn Describe>(evil).unwrap().describe().unwrap()
    });
    assert_eq!(outcomes, "undefined");
}

/// Pieces of texts: what opens, closes and goes on, and a call that must not be made.
const PIECES: [&str; 36] = [
    "ran()",
    "ran()",
    "ran()",
    "}",
    "}",
    "}",
    "}",
    "{",
    "{",
    "{",
    "{",
    "(",
    ")",
    "[",
    "]",
    ",",
    ";",
    "\n",
    "+",
    "=>",
    "`",
    "${",
    "/*",
    "*/",
    "//",
    "function ()",
    "function f()",
    "async function ()",
    "async f()",
    "get f()",
    "class A",
    "try",
    "catch",
    "finally",
    "return",
    "let a",
];

/// Nothing of a body or of a last value runs before it is called, whatever it is made of.
#[test]
fn no_text_of_pieces_runs_when_it_is_loaded() {
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let counts =
        "let count = 0; globalThis.ran = () => { count++; }; exports.describe = () => String(count);";
    let counter = sandbox.load::<dyn Describe>(Script::new("count.cjs", counts)).unwrap();
    let mut state = 1_u64;
    let mut next = |below: usize| {
        // A linear congruential generator (Knuth, MMIX).
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut loaded = 0;
    for _ in 0..4000 {
        let text = (0..=next(9)).map(|_| PIECES[next(PIECES.len())]).collect::<Vec<_>>().join(" ");
        let scripts = [
            Script::body("a.js", ["p"], text.as_str()),
            Script::async_body("a.js", ["p"], text.as_str()),
            Script::last_value("a.js", ["p"], text.as_str()),
        ];
        for script in scripts {
            match sandbox.eval(script).map(drop) {
                Ok(()) => loaded += 1,
                Err(Error::Syntax { .. }) => {}
                Err(other) => panic!("{text}: {other:?}"),
            }
            assert_eq!(counter.describe().unwrap(), "0", "{text}");
        }
    }
    assert!(loaded > 100, "{loaded} of the texts parse");
}

/// A body sees its realm's global and nothing of its caller.
#[test]
fn a_body_has_nothing_of_its_caller() {
    let described = alike!(|builder| builder.limits(long()), |sandbox| {
        let describe = |script: Script| sandbox.load::<dyn Describe>(script).unwrap().describe().unwrap();
        let own =
            "return [this === globalThis, arguments.callee.caller, arguments.length, new.target].join()";
        let strict =
            "'use strict'; try { return [this, arguments.callee].join() } catch (e) { return e.name }";
        [
            describe(Script::body("a.js", [""; 0], own)),
            describe(Script::body("a.js", [""; 0], strict)),
            describe(Script::body("a.js", [""; 0], "try { return `${module}` } catch (e) { return e.name }")),
            describe(Script::expression(
                "a.js",
                "function () { return [this === globalThis, arguments.callee.caller].join() }",
            )),
            describe(Script::new(
                "a.js",
                "function describe() { return [this === globalThis, describe.caller].join() }",
            )),
        ]
    });
    assert_eq!(described, ["true,,0,", "TypeError", "ReferenceError", "true,", "true,"]);
}

/// Sloppy code makes a global of each variable that it does not declare. The global is one of the script's realm.
#[test]
fn undeclared_variables_stay_inside_of_the_realm() {
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let sloppy = "count = typeof count === 'undefined' ? 1 : count + 1;\nreturn String(count);";
    let (one, other) = (sandbox.realm().unwrap(), sandbox.realm().unwrap());
    let load = |realm: &sandbox_runtime::Realm<_>| {
        realm.load::<dyn Describe>(Script::body("a.js", [""; 0], sloppy)).unwrap()
    };
    let (first, second, apart) = (load(&one), load(&one), load(&other));
    assert_eq!(first.describe().unwrap(), "1");
    assert_eq!(second.describe().unwrap(), "2", "scripts of one realm share its global");
    assert_eq!(apart.describe().unwrap(), "1");
    let strict = Script::body("a.js", [""; 0], format!("'use strict'; undeclared = 1; {sloppy}"));
    let refused = sandbox.load::<dyn Describe>(strict).unwrap().describe();
    assert!(matches!(refused, Err(Error::Guest(thrown)) if thrown.name.as_deref() == Some("ReferenceError")));
}

/// Comments of HTML are comments in sloppy code, and for V8 no syntax in a module. None of them hides a text's end.
#[test]
fn comments_of_html_end_with_their_line() {
    let outcomes = alike!(|builder| builder.limits(long()), |sandbox| {
        let html = "<!-- a comment\nlet text = 'fine';\n--> another\nreturn text <!-- the end";
        let body = sandbox.load::<dyn Describe>(Script::body("a.js", [""; 0], html)).unwrap();
        let expression = Script::expression("a.js", "() => 'fine' <!-- the end");
        let expression = sandbox.load::<dyn Describe>(expression).unwrap();
        let found = "function describe() { return 'fine' } <!-- the end";
        let found = sandbox.load::<dyn Describe>(Script::new("a.js", found)).unwrap();
        let module = Script::new("a.mjs", "export const describe = () => 'fine' <!-- the end");
        let refused = sandbox.eval(module).map(drop);
        assert_eq!(
            matches!(refused, Err(Error::Syntax { .. })),
            Engine::CURRENT == Engine::V8,
            "{refused:?}"
        );
        let later = Script::async_body("a.js", [""; 0], "return 'fine' <!-- the end");
        sandbox.eval(later).map(drop).unwrap();
        [body.describe().unwrap(), expression.describe().unwrap(), found.describe().unwrap()]
    });
    assert_eq!(outcomes, ["fine"; 3]);
}

/// Statements with a last value are those of one call: its variables, its arguments, and the calls inside of it.
#[test]
fn a_last_value_is_of_one_call() {
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let describe = |source: &str| {
        let guest = sandbox.load::<dyn Describe>(Script::last_value("a.js", [""; 0], source)).unwrap();
        let described = guest.describe();
        (described, guest.describe())
    };
    let shown = |source: &str| describe(source).1.unwrap();
    assert_eq!(shown("let count = 1; class A {} const one = ++count; String(one)"), "2", "declared anew");
    assert_eq!(shown("var total = typeof total === 'number' ? total + 1 : 1; `${total}`"), "2", "a global");
    assert_eq!(
        shown("String(Object.getOwnPropertyNames(globalThis).filter((name) => name.startsWith('$')))"),
        ""
    );
    assert_eq!(shown("String([this === globalThis, typeof arguments])"), "true,undefined");
    assert_eq!(shown("'text'; var x = 1; function f() {}; class C {} let y = 2; ;"), "text");
    assert_eq!(
        shown("label(1); function label(n) { return helper() + n; } function helper() { return 'n' }"),
        "n1"
    );
    assert_eq!(shown("var made = function made() { return 'made' }; made()"), "made");
    assert_eq!(shown("String([typeof label, typeof helper, typeof made])"), "undefined,undefined,function");
    assert_eq!(shown("String(typeof (function parseInt() {}) + parseInt('7'))"), "function7");
    let many = (0..5000).map(|number| format!("function f{number}() {{}}\n")).collect::<String>();
    let many = sandbox.eval(Script::last_value("a.js", [""; 0], many)).map(drop);
    assert!(
        matches!(&many, Err(Error::Syntax { message, .. }) if message.contains("5000 functions")),
        "{many:?}"
    );
    let stack = shown("(() => new Error('x').stack)()");
    assert!(!stack.contains("sandbox"), "{stack}");
    let nothing = describe("const nothing = 1;").0;
    assert!(matches!(nothing, Err(Error::Value(_))), "{nothing:?}");
    let sealed = describe("Object.preventExtensions(globalThis); 'sealed'");
    assert_eq!(sealed.0.unwrap(), "sealed");
    assert!(matches!(sealed.1, Err(Error::Guest(thrown)) if thrown.name.as_deref() == Some("TypeError")));
}

/// A text cannot make the search for a free name long. The search is no code of the guest, so no limit ends it.
#[test]
fn no_text_makes_the_search_for_a_name_long() {
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let begun = Instant::now();
    for stem in ["$returned", "$arguments"] {
        for piece in ["_", "0"] {
            let name = format!("{stem}{}", piece.repeat(1 << 20));
            let found = format!("function describe() {{ return 'found' }}\nvar {name} = 1;");
            let found = sandbox.load::<dyn Describe>(Script::new("a.js", found)).unwrap();
            assert_eq!(found.describe().unwrap(), "found");
            let last = Script::last_value("a.js", [""; 0], format!("{{ let {name} = 'last'; {name} }}"));
            assert_eq!(sandbox.load::<dyn Describe>(last).unwrap().describe().unwrap(), "last");
        }
    }
    assert!(begun.elapsed() < Duration::from_secs(120), "{:?}", begun.elapsed());
}

/// The engine parses a script with a last value once for each function. The end of the load is seen between two of them.
#[test]
fn the_search_for_functions_ends_with_the_load() {
    let functions = (0..16).map(|number| format!("function f{number}() {{}}\n")).collect::<String>();
    let source = format!("{functions}[{}];\n'found'", "(a => ({ a })), ".repeat((200 << 10) / 16));
    let script = || Script::last_value("a.js", [""; 0], source.as_str());
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    assert_eq!(sandbox.load::<dyn Describe>(script()).unwrap().describe().unwrap(), "found");
    let limits = Limits { wall: Duration::from_millis(1), ..long() };
    let hasty = LocalSandbox::builder().limits(limits).build().unwrap();
    let ended = hasty.eval(script()).map(drop);
    assert!(matches!(ended, Err(Error::Limit { kind: LimitKind::Wall, .. })), "{ended:?}");
}

/// A program that loads is one that runs: the text that is checked is the text that is run.
#[test]
fn a_last_value_that_loads_is_no_syntax_error_later() {
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    for start in [
        "--> a comment\n",
        "  --> a comment\n",
        "/* */ --> a comment\n",
        "\n--> a comment\n",
        "<!-- a comment\n",
        "#!a\n",
    ] {
        let script = Script::last_value("a.js", [""; 0], format!("{start}'fine'"));
        match sandbox.load::<dyn Describe>(script) {
            Ok(guest) => assert_eq!(guest.describe().unwrap(), "fine", "{start}"),
            Err(Error::Syntax { line, .. }) => {
                assert!(line <= 1, "{start}: {line}");
                assert!(Engine::CURRENT == Engine::QuickJs || start.starts_with('#'), "{start}");
            }
            Err(other) => panic!("{start}: {other:?}"),
        }
    }
    let fine = Script::last_value("a.js", [""; 0], "'fine'");
    assert_eq!(sandbox.load::<dyn Describe>(fine).unwrap().describe().unwrap(), "fine");
}

/// Exports that run code when they are looked at: what throws is the guest's error, and what is found is called.
#[test]
fn exports_that_lie_are_looked_at_within_limits() {
    let throws = ", { get() { throw new Error('trap') }, has() { throw new Error('trap') }, \
                  getOwnPropertyDescriptor() { throw new Error('trap') }, getPrototypeOf() { throw new Error('trap') } })";
    let sources = [
        format!("module.exports = new Proxy({{}}{throws}"),
        format!("module.exports = new Proxy(function () {{}}{throws}"),
        "Object.defineProperty(exports, 'sum', { get() { throw new Error('trap') } })".to_owned(),
        "Object.defineProperty(module, 'exports', { get() { throw new Error('trap') } })".to_owned(),
        format!("export default new Proxy({{}}{throws}"),
    ];
    let outcomes = alike!(|builder| builder.limits(long()), |sandbox| {
        let outcomes = sources.iter().map(|source| {
            match sandbox.load::<dyn Sum>(Script::new("a.js", source.as_str())).map(drop) {
                Err(Error::Guest(thrown)) => thrown.message.clone(),
                other => panic!("{source}: {other:?}"),
            }
        });
        outcomes.collect::<Vec<_>>()
    });
    assert_eq!(outcomes, vec!["trap"; sources.len()]);
    let fine = [
        "module.exports = new Proxy((a, b) => a + b, {})",
        "let looks = 0; Object.defineProperty(exports, 'sum', { get: () => { if (looks++) throw 1; return (a, b) => a + b; } })",
        "Object.defineProperty(globalThis, 'trap', { get() { throw 1 } }); trap_ = 0; function sum(a, b) { return a + b; }",
        "Function.prototype.toString = () => 'class'; module.exports = { sum: (a, b) => a + b }",
        "Array.prototype[Symbol.iterator] = Array.prototype.push = null; function sum(a, b) { return a + b; }",
        "Object.defineProperty(Array.prototype, 0, { set() { throw 1 } }); function sum(a, b) { return a + b; }",
    ];
    let results = fine.map(|source| {
        let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
        sandbox.load::<dyn Sum>(Script::new("a.js", source)).unwrap().sum(1.0, 2.0).unwrap()
    });
    assert_eq!(results, [3.0; 6]);
}
