//! The forms of a script: each gives the same at every site, says where it fails, and cannot be left by its text.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

#[macro_use]
#[path = "../sites/mod.rs"]
mod sites;
#[path = "../slack/mod.rs"]
mod slack;

mod attacks;
mod platforms;
mod typescript;

use sandbox_runtime::{
    Engine, Error, Intrinsics, LimitKind, Limits, Result, SandboxPool, Script, sandbox_api,
};
use slack::long;

#[sandbox_api(guest)]
pub trait Sum {
    fn sum(&self, a: f64, b: f64) -> Result<f64>;
}

#[sandbox_api(guest)]
pub trait SumLater {
    async fn sum(&self, a: f64, b: f64) -> Result<f64>;
}

#[sandbox_api(guest)]
pub trait Shop {
    fn price(&self, quantity: f64) -> Result<f64>;
    fn currency(&self) -> Result<String>;
}

#[sandbox_api(guest)]
pub trait Label {
    fn call(&self) -> Result<String>;
}

#[sandbox_api(guest)]
pub trait Name {
    fn name(&self) -> Result<String>;
}

#[sandbox_api(guest)]
pub trait Describe {
    fn describe(&self) -> Result<String>;
}

#[sandbox_api(guest)]
pub trait Escape {
    fn escape(&self, text: &str) -> Result<String>;
}

/// Each form of a script that implements `Sum`.
fn sums() -> Vec<Script> {
    let mut scripts = vec![
        Script::body("sum.js", ["a", "b"], "const c = a + b;\nreturn c;"),
        Script::body("sum.js", ["a", "b"], "'use strict';\nif (this !== undefined) return 0;\nreturn a + b"),
        Script::body("sum.js", [""; 0], "return arguments[0] + arguments[1] // the end"),
        Script::expression("sum.js", "function (a, b) { return a + b; }"),
        Script::expression("sum.js", "// first\n(a, b) => a + b;\n"),
        Script::expression("sum.js", "{ sum(a, b) { return this.plus(a, b); }, plus: (a, b) => a + b }"),
        Script::last_value("sum.js", ["a", "b"], "const c = a + b;\nif (c) c; else 0; // the end"),
        Script::last_value(
            "sum.js",
            ["a", "b"],
            "let s = 0; for (const n of [a, b]) s += n; function f() {}",
        ),
        Script::expression("sum.js", "new class { sum(a, b) { return a + b; } }"),
    ];
    let found = [
        "export default function (a, b) { return a + b; }",
        "export default (a, b) => a + b;",
        "export default { sum: (a, b) => a + b };",
        "module.exports = (a, b) => a + b;",
        "module.exports = function sum(a, b) { return a + b; };",
        "module.exports = { sum(a, b) { return a + b; } };",
        "exports.sum = (a, b) => a + b;",
        "exports.default = 1; exports.sum = (a, b) => a + b;",
        "function sum(a, b) { return plus(a, b); }\nfunction plus(a, b) { return a + b; }",
        "const sum = (a, b) => a + b",
        "let sum;\nsum = function (a, b) { return a + b; }; // the end",
        "sum = function (a, b) { return total(a, b); };\ntotal = (a, b) => a + b;",
        "'use strict'; class Adder { add(a, b) { return a + b; } } var sum = (a, b) => new Adder().add(a, b);",
        "function (a, b) { return a + b; }",
        "{ sum(a, b) { return a + b; } }",
    ];
    scripts.extend(found.map(|source| Script::new("sum.js", source)));
    scripts
}

#[test]
fn each_form_is_a_guest_at_every_site() {
    for intrinsics in [Intrinsics::Open, Intrinsics::Frozen] {
        let results = alike!(|builder| builder.limits(long()).intrinsics(intrinsics), |sandbox| {
            let load = |script: Script| {
                let guest = sandbox.load::<dyn Sum>(script.clone()).and_then(|guest| guest.sum(1.0, 2.0));
                guest.unwrap_or_else(|error| panic!("{script:?}: {error}"))
            };
            sums().into_iter().map(load).collect::<Vec<_>>()
        });
        assert_eq!(results, vec![3.0; sums().len()]);
    }
}

#[test]
fn each_form_is_a_guest_in_pools_and_realms() {
    let pool = SandboxPool::builder().limits(long()).build().unwrap();
    let sandbox = sandbox_runtime::LocalSandbox::builder().limits(long()).build().unwrap();
    for script in sums() {
        let guest = pool.tenant("a").load::<dyn Sum>(script.clone()).unwrap();
        assert_eq!(guest.sum(1.0, 2.0).unwrap(), 3.0, "{script:?}");
        let guest = sandbox.realm().unwrap().load::<dyn Sum>(script.clone()).unwrap();
        assert_eq!(guest.sum(1.0, 2.0).unwrap(), 3.0, "{script:?}");
    }
}

/// The engine keeps the code of a script that is loaded again. The code is of the form that the script has.
#[test]
fn each_form_can_be_loaded_again() {
    let long_text = format!("/* {} */", "x".repeat(2048));
    for source in ["return a + b;", "function inner() { return a + b }\nreturn inner();"] {
        let source = format!("{source}\n{long_text}");
        let scripts = [
            Script::body("sum.js", ["a", "b"], source.clone()),
            Script::expression("sum.js", format!("function (a, b) {{ {source} }}")),
            Script::last_value("sum.js", ["a", "b"], format!("(() => {{ {source} }})()")),
            Script::new("sum.js", format!("function sum(a, b) {{ {source} }}")),
            Script::new("sum.js", format!("function (a, b) {{ {source} }}")),
        ];
        let sandbox = sandbox_runtime::LocalSandbox::builder().limits(long()).build().unwrap();
        for script in scripts {
            for _ in 0..4 {
                let guest = sandbox.load::<dyn Sum>(script.clone()).unwrap();
                assert_eq!(guest.sum(1.0, 2.0).unwrap(), 3.0, "{script:?}");
            }
        }
    }
}

#[test]
fn each_form_may_be_async() {
    let scripts = [
        Script::async_body("sum.js", ["a", "b"], "const c = await Promise.resolve(a);\nreturn c + b;"),
        Script::async_body("sum.js", ["a", "b"], "for await (const c of [a + b]) return c; // the end"),
        Script::body("sum.js", ["a", "b"], "return Promise.resolve(a + b);"),
        Script::body("sum.js", ["a", "b"], "return a + b;"),
        Script::expression("sum.js", "async (a, b) => a + await b"),
        Script::new("sum.js", "async function sum(a, b) { return a + await b; }"),
        Script::new("sum.js", "export default async (a, b) => a + await b;"),
        Script::new("sum.js", "async function (a, b) { return a + await b; }"),
    ];
    let results = alike!(|builder| builder.limits(long()), |sandbox| {
        let load = |script: &Script| {
            sites::runtime().block_on(async {
                let guest = sandbox.load_async::<dyn SumLater>(script.clone()).await.unwrap();
                guest.sum(1.0, 2.0).await.unwrap_or_else(|error| panic!("{script:?}: {error}"))
            })
        };
        scripts.iter().map(load).collect::<Vec<_>>()
    });
    assert_eq!(results, vec![3.0; scripts.len()]);
    let promise = alike!(|builder| builder.limits(long()), |sandbox| {
        let script = Script::async_body("sum.js", ["a", "b"], "return a + b;");
        sandbox.load::<dyn Sum>(script).unwrap().sum(1.0, 2.0).unwrap_err().to_string()
    });
    assert!(promise.contains("got a Promise"), "{promise}");
}

/// Lines and columns are those of the text that the author wrote.
#[test]
fn errors_name_the_lines_of_the_text() {
    let throws = "const deep = () => { throw new Error('no'); };\n  deep();";
    let scripts = [
        (Script::body("a.js", ["a", "b"], throws), "a.js:1:28", "a.js:2:3"),
        (Script::last_value("a.js", ["a", "b"], throws), "a.js:1:", "a.js:2:3"),
        // QuickJS has the column of the constructor's name in some functions.
        (Script::expression("a.js", format!("(a, b) => {{ {throws} }}")), "a.js:1:4", "a.js:2:3"),
        (Script::new("a.js", format!("function sum(a, b) {{ {throws} }}")), "a.js:1:49", "a.js:2:3"),
    ];
    for (script, thrown, called) in &scripts {
        let error = alike!(|builder| builder.limits(long()), |sandbox| {
            let guest = sandbox.load::<dyn Sum>(script.clone()).unwrap();
            guest.sum(1.0, 2.0).unwrap_err().to_string()
        });
        assert!(error.contains(thrown) && error.contains(called), "{script:?}: {error}");
    }
    let later = alike!(|builder| builder.limits(long()), |sandbox| {
        sites::runtime().block_on(async {
            let script = Script::async_body("a.js", ["a", "b"], format!("await null;\n{throws}"));
            let guest = sandbox.load_async::<dyn SumLater>(script).await.unwrap();
            guest.sum(1.0, 2.0).await.unwrap_err().to_string()
        })
    });
    let thrown = if Engine::CURRENT == Engine::V8 { "a.js:2:28" } else { "a.js:2:" };
    assert!(later.contains(thrown) && later.contains("a.js:3:3"), "{later}");
    let source = "let a = 1;\nlet c = 1 +* 2;\n";
    for script in [
        Script::body("a.js", ["p"], source),
        Script::async_body("a.js", ["p"], source),
        Script::last_value("a.js", ["p"], source),
        Script::expression("a.js", "(\n  1 +* 2)"),
    ] {
        let error = alike!(|builder| builder, |sandbox| {
            match sandbox.eval(script.clone()).map(drop) {
                Err(Error::Syntax { script, line, column, .. }) => (script, line, column),
                other => panic!("{script:?}: {other:?}"),
            }
        });
        assert_eq!((error.0.as_str(), error.1), ("a.js", 2), "{script:?}");
        if Engine::CURRENT == Engine::V8 {
            assert_eq!(error.2, if script.entry().source().starts_with('(') { 6 } else { 12 });
        }
    }
}

#[test]
fn a_mismatch_says_what_there_is() {
    let cases = [
        (Script::body("a.js", ["q"], "return q;"), "no export `price`", "one function (a body)"),
        (Script::last_value("a.js", ["q"], "q"), "no export `price`", "one function (a last value)"),
        (Script::expression("a.js", "(q) => q"), "no export `currency`", "one function (an expression)"),
        (Script::new("a.js", "module.exports = (q) => q"), "`Script::implementing`", "(module.exports)"),
        (Script::new("a.js", "export default (q) => q"), "no export `price`", "it exports `default` alone"),
        (
            Script::new("a.js", "function prices(q) {}\nconst other = () => 1;"),
            "no export `price` (`prices` is one); no export `currency`",
            "it exports prices, other",
        ),
        (Script::body("a.js", ["q"], "").implementing("prise"), "(`prise` is one)", "it exports prise"),
        (
            Script::new("a.js", "let price = 1; function currency() {}"),
            "no export `price`",
            "exports currency",
        ),
    ];
    for (script, looked_for, there) in cases {
        let error = alike!(|builder| builder, |sandbox| {
            let error = sandbox.load::<dyn Shop>(script.clone()).map(drop).unwrap_err();
            assert!(matches!(error, Error::Mismatch { .. }), "{error:?}");
            error.to_string()
        });
        assert!(error.contains(looked_for) && error.contains(there), "{script:?}: {error}");
    }
}

#[test]
fn a_class_and_what_functions_inherit_are_no_methods() {
    let error = alike!(|builder| builder, |sandbox| {
        let script = Script::new("a.js", "export default class Sum { sum(a, b) { return a + b; } }");
        sandbox.load::<dyn Sum>(script).map(drop).unwrap_err().to_string()
    });
    assert!(error.contains("export `sum` is a class, not a function"), "{error}");
    let refused = alike!(|builder| builder, |sandbox| {
        ["export default class{}", "module.exports = class{ sum() {} }", "(class/**/A{})", "class\nA{}"].map(
            |source| {
                let form = if source.contains("export") { Script::new } else { Script::expression };
                sandbox.load::<dyn Sum>(form("a.js", source)).map(drop).unwrap_err().to_string()
            },
        )
    });
    for error in refused {
        assert!(error.contains("export `sum` is a class, not a function"), "{error}");
    }
    let labels = alike!(|builder| builder, |sandbox| {
        ["export default () => 'own'", "module.exports = () => 'own'", "export default { call: () => 'own' }"]
            .map(|source| sandbox.load::<dyn Label>(Script::new("a.js", source)).unwrap().call().unwrap())
    });
    assert_eq!(labels, ["own"; 3]);
    let names = alike!(|builder| builder, |sandbox| {
        ["export default () => 'own'", "module.exports = function length() { return 'own' }"]
            .map(|source| sandbox.load::<dyn Name>(Script::new("a.js", source)).unwrap().name().unwrap())
    });
    assert_eq!(names, ["own"; 2]);
    // A class of which the members are static is an object with functions, as before.
    let statics = "class A { static sum(a, b) { return a + b; } } export default class B extends A {}";
    let results = alike!(|builder| builder, |sandbox| {
        sandbox.load::<dyn Sum>(Script::new("a.js", statics)).unwrap().sum(1.0, 2.0).unwrap()
    });
    assert_eq!(results, 3.0);
}

/// The text of these functions begins with the letters of `class`.
#[test]
fn a_function_that_is_written_like_a_class_is_a_method() {
    let sources = [
        "export default classes => classes + 2",
        "export default className => className + 2",
        "export default class$ => class$ + 2",
        "export default class_ => class_ + 2",
        "export default class1=>class1+2",
        "module.exports = class\\u0061 => classa + 2",
        "module.exports = class\u{301} => class\u{301} + 2",
        "module.exports = Object.assign(classes => classes + 2, { prototype: {} })",
        "module.exports = { class(a, b) { return a + b; } }.class",
        "module.exports = { class /* ( */ (a, b) { return a + b; } }.class",
    ];
    let results = alike!(|builder| builder, |sandbox| {
        sources.map(|source| {
            let guest = sandbox.load::<dyn Sum>(Script::new("a.js", source));
            guest.and_then(|guest| guest.sum(1.0, 2.0)).unwrap_or_else(|error| panic!("{source}: {error}"))
        })
    });
    assert_eq!(results, [3.0; 10]);
}

/// A contract of several methods takes a script's only function under the name that the host gives.
#[test]
fn the_host_may_name_the_method_of_the_only_function() {
    let scripts = [
        Script::body("a.js", ["q"], "return q / 4;"),
        Script::expression("a.js", "(q) => q / 4"),
        Script::new(
            "a.js",
            "export default (q) => q / 4; export const price = () => 9, currency = () => 'EUR';",
        ),
    ];
    let results = alike!(|builder| builder, |sandbox| {
        scripts.clone().map(|script| {
            let script = script.implementing("price");
            match sandbox.load::<dyn Shop>(script) {
                Ok(shop) => format!("{} {}", shop.price(2.0).unwrap(), shop.currency().unwrap()),
                Err(error) => error.to_string(),
            }
        })
    });
    for missing in &results[..2] {
        assert!(
            missing.contains("no export `currency`") && !missing.contains("no export `price`"),
            "{missing}"
        );
    }
    assert_eq!(results[2], "0.5 EUR");
}

/// Scripts that load as they did: functions stay private where a script exports something itself, and a built-in global is no
/// export of a script that has a function of its name.
#[test]
fn functions_are_exports_only_of_a_script_without_exports() {
    let error = alike!(|builder| builder, |sandbox| {
        let script = Script::new("a.js", "function sum(a, b) { return a + b; }\nmodule.exports = {};");
        let private = sandbox.load::<dyn Sum>(script).map(drop).unwrap_err();
        let nested = "(function () { function escape(text) { return 'nested'; } })();";
        let built_in = sandbox.load::<dyn Escape>(Script::new("a.js", nested)).map(drop).unwrap_err();
        let nested = "(function () { function sum() {} })();";
        let hidden = sandbox.load::<dyn Sum>(Script::new("a.js", nested)).map(drop).unwrap_err();
        [private, built_in, hidden].map(|error| matches!(error, Error::Mismatch { .. }))
    });
    assert_eq!(error, [true; 3]);
    let loads = alike!(|builder| builder, |sandbox| {
        [
            "if (true) { function sum() {} }",
            "const a = 1; function f() { return a; } return 5;",
            "function f() {}\nconst $returned = 1;",
            "let let_ = 1, yield = 2; function f() {} // a comment",
            "function f() {} /* a comment */",
            "const a = 1; a = 2",
            "function f() { x = 1",
            "function f() {}\nif (f)",
        ]
        .map(|source| match sandbox.eval(Script::new("a.cjs", source)).map(drop) {
            Ok(()) => "loads",
            Err(Error::Guest(_)) => "throws",
            Err(Error::Syntax { line: 0, .. }) => "no line",
            Err(Error::Syntax { .. }) => "syntax",
            Err(other) => panic!("{source}: {other:?}"),
        })
    });
    assert_eq!(loads[..6], ["loads", "loads", "loads", "loads", "loads", "throws"]);
    if Engine::CURRENT == Engine::V8 {
        assert_eq!(loads[6..], ["syntax"; 2]);
    }
}

#[test]
fn limits_hold_for_each_form() {
    let source = "x".repeat(100);
    let limits = Limits { script_bytes: 99, ..long() };
    for script in [
        Script::body("a.js", ["p"], source.clone()),
        Script::async_body("a.js", ["p"], source.clone()),
        Script::last_value("a.js", ["p"], source.clone()),
        Script::expression("a.js", source),
    ] {
        let kind = alike!(|builder| builder.limits(limits), |sandbox| {
            match sandbox.eval(script.clone()).map(drop) {
                Err(Error::Limit { kind, .. }) => kind,
                other => panic!("{other:?}"),
            }
        });
        assert_eq!(kind, LimitKind::Script);
    }
    let limits = Limits { wall: std::time::Duration::from_millis(200), ..Limits::default() };
    let ends = alike!(|builder| builder.limits(limits), |sandbox| {
        let endless = sandbox.eval(Script::expression("a.js", "(() => { for (;;); })()")).map(drop);
        let body = sandbox.load::<dyn Sum>(Script::body("a.js", ["a"], "for (;;);"));
        let last = sandbox.load::<dyn Sum>(Script::last_value("a.js", ["a"], "for (;;);"));
        let ended = [body, last].map(|guest| guest.and_then(|guest| guest.sum(1.0, 2.0)).map(drop));
        let ended = ended.into_iter().chain([endless]);
        ended
            .map(|ended| matches!(ended, Err(Error::Limit { kind: LimitKind::Wall, .. })))
            .collect::<Vec<_>>()
    });
    assert_eq!(ends, [true; 3]);
}

#[test]
fn a_body_with_impossible_parameters_is_refused() {
    for (parameters, text) in [
        (&["a b"][..], "`a b` cannot be the name of a parameter"),
        (&["if"], "`if` cannot be the name"),
        (&[""], "`` cannot be the name"),
        (&["a) { } evil(); function b("], "cannot be the name"),
        (&["...a"], "cannot be the name"),
        (&["a = 1"], "cannot be the name"),
        (&["a", "b", "a"], "two parameters of the script have the name `a`"),
    ] {
        let error = alike!(|builder| builder, |sandbox| {
            let body = sandbox.eval(Script::body("a.js", parameters.iter().copied(), "")).map(drop);
            let later = sandbox.eval(Script::async_body("a.js", parameters.iter().copied(), "")).map(drop);
            [body, later].map(|refused| match refused {
                Err(Error::Syntax { message, .. }) => message,
                other => panic!("{parameters:?}: {other:?}"),
            })
        });
        assert!(error.iter().all(|error| error.contains(text)), "{error:?}");
    }
}
