//! Source maps: stacks and syntax errors name the files that a bundle was made from, alike at every site.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

#[macro_use]
mod sites;
mod slack;

use sandbox_runtime::{
    Engine, Error, LocalSandbox, Modules, OriginalPlace, Result, Script, StackFrame, sandbox_api,
};
use slack::long;

#[derive(Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Order {
    net: f64,
}

#[sandbox_api(guest)]
pub trait Price {
    fn price(&self, order: &Order) -> Result<f64>;
}

#[sandbox_api(guest)]
pub trait Text {
    fn text(&self) -> Result<String>;
}

const ESBUILD: &str = include_str!("maps/esbuild.js");
const ESBUILD_MAP: &str = include_str!("maps/esbuild.js.map");
const ROLLUP: &str = include_str!("maps/rollup.js");
const ROLLUP_MAP: &str = include_str!("maps/rollup.js.map");

/// The error of a price that the script refuses, which is equal at every site. Afterwards the script goes on.
fn refused(script: &Script) -> Error {
    let texts = std::cell::RefCell::new(None);
    alike!(|builder| builder.limits(long()), |sandbox| {
        let guest = sandbox.load::<dyn Price>(script.clone()).unwrap();
        let error = guest.price(&Order { net: -1.0 }).unwrap_err();
        assert_eq!(guest.price(&Order { net: 4.0 }).unwrap().fract(), 0.0);
        let text = format!("{error:?}");
        *texts.borrow_mut() = Some(error);
        text
    });
    texts.into_inner().unwrap()
}

fn stack(error: &Error) -> &[StackFrame] {
    let Error::Guest(thrown) = error else { panic!("{error:?}") };
    &thrown.stack
}

fn originals(error: &Error) -> Vec<String> {
    let told = |original: &OriginalPlace| format!("{}:{}", original.file, original.line);
    stack(error).iter().map(|frame| frame.original.as_ref().map_or("none".into(), told)).collect()
}

#[test]
#[cfg_attr(feature = "quickjs", ignore = "QuickJS names the original place alone")]
fn bundles_of_real_tools_name_their_files() {
    let given = |name: &str, source: &str, map: &str| Script::new(name, source).source_map(map).unwrap();
    let both: &[&str] = &["src/tax.ts:4", "src/price.ts:8"];
    for (script, expected) in [
        (Script::new("esbuild.js", include_str!("maps/esbuild-inline.js")), both),
        (given("esbuild.js", ESBUILD, ESBUILD_MAP), both),
        (given("rollup.js", ROLLUP, ROLLUP_MAP), both),
        (Script::new("tsc.js", include_str!("maps/tsc-inline.js")), &["tax.ts:4"]),
    ] {
        let error = refused(&script);
        assert_eq!(originals(&error), expected, "{error}");
        assert!(stack(&error).iter().all(|frame| frame.file == script.name()));
        assert!(error.to_string().contains(&format!("tax.ts:4:11 in {}:", script.name())), "{error}");
        let frame = error.code_frame(&script).unwrap();
        assert!(
            frame.contains("> 4 |     throw new RangeError(`no tax for ${net}`);\n    |           ^\n"),
            "{frame}"
        );
    }
}

#[test]
fn each_file_of_a_script_has_its_own_map() {
    if Engine::CURRENT == Engine::QuickJs {
        return;
    }
    let main = "import { price as inner } from './lib.js';\nexport const price = (order) => inner(order);";
    let modules =
        Modules::new().file("main.js", main).file("lib.js", ESBUILD).source_map("lib.js", ESBUILD_MAP);
    let error = refused(&Script::modules(modules, "main.js").unwrap());
    assert_eq!(originals(&error), ["src/tax.ts:4", "src/price.ts:8", "none"]);
}

/// The first line of a text is the third line of `a.ts`.
const LINE: &str =
    r#"{"version":3,"sources":["a.ts"],"sourcesContent":["1\n2\nlet = ;\n"],"mappings":"AAEA"}"#;

#[test]
#[cfg_attr(feature = "quickjs", ignore = "QuickJS names the original place alone")]
fn a_syntax_error_names_the_file() {
    let script = Script::new("a.mjs", "let = ;").source_map(LINE).unwrap();
    let texts = alike!(|builder| builder.limits(long()), |sandbox| {
        let error = sandbox.eval(script.clone()).map(drop).unwrap_err();
        (error.to_string(), error.code_frame(&script))
    });
    assert!(texts.0.starts_with("a.ts:3:1 in a.mjs:1:"), "{}", texts.0);
    assert!(texts.1.unwrap().starts_with("  2 | 2\n> 3 | let = ;\n"));
}

#[test]
fn the_guest_reads_the_same_places() {
    let source = "export const text = () => new Error('x').stack;";
    let script = Script::new("a.js", source).source_map(LINE).unwrap();
    let stack = alike!(|builder| builder.limits(long()), |sandbox| {
        sandbox.load::<dyn Text>(script.clone()).unwrap().text().unwrap()
    });
    assert!(stack.contains("a.ts:3:1"), "{stack}");
}

/// The text of the stack, which QuickJS writes, is all that there is of its frames.
#[test]
fn only_v8_has_both_places_of_a_frame() {
    let script =
        Script::new("a.js", "export const text = () => { throw new Error('x'); };").source_map(LINE).unwrap();
    let frame = alike!(|builder| builder.limits(long()), |sandbox| {
        let error = sandbox.load::<dyn Text>(script.clone()).unwrap().text().unwrap_err();
        let frame = &stack(&error)[0];
        (frame.file.clone(), frame.line, frame.original.is_some())
    });
    let expected = if Engine::CURRENT == Engine::QuickJs { ("a.ts", 3, false) } else { ("a.js", 1, true) };
    assert_eq!((&*frame.0, frame.1, frame.2), expected);
}

#[test]
fn a_broken_map_is_refused_by_name_or_not_used() {
    for map in ["", "{}", r#"{"version":3,"sections":[]}"#, r#"{"version":3,"sources":[],"mappings":"AAAA"}"#]
    {
        let fault = Script::new("a.js", "1").source_map(map).unwrap_err();
        assert_eq!(fault.file, "a.js");
        assert!(fault.reason.starts_with("the source map "), "{fault}");
        assert!(matches!(Error::from(fault), Error::Syntax { script, .. } if script == "a.js"));
    }
    for comment in [
        "//# sourceMappingURL=data:application/json;base64,AAAA",
        "//# sourceMappingURL=file:///etc/passwd",
        "//# sourceMappingURL=http://127.0.0.1:1/a.map",
    ] {
        let script = Script::new(
            "a.mjs",
            format!("export const price = ({{ net }}) => net < 0 ? net.x.y : 1;\n{comment}"),
        );
        let error = refused(&script);
        assert_eq!(originals(&error), ["none"]);
        assert!(error.code_frame(&script).unwrap().starts_with("> 1 | export const price"));
    }
}

/// A lying map is a claim about its own script alone, and its text is shown escaped.
#[test]
#[cfg_attr(feature = "quickjs", ignore = "QuickJS names the original place alone")]
fn a_lying_map_names_no_line_of_another_script() {
    let lie = r#"{"version":3,"sources":["host.js\n\u001b[2J\u202e"],"sourcesContent":["x\u001b\n\n\n"],"mappings":"AAEAA"}"#;
    let lie = lie.replace("AAEAA", "AAAA");
    let script = Script::new("a.js", "throw new Error('a');").source_map(lie).unwrap();
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let error = sandbox.eval(script.clone()).map(drop).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("at host.js\\n\\u{1b}[2J\\u{202e}:1:1 in a.js:1:"), "{text}");
    assert!(error.code_frame(&script).unwrap().starts_with("> 1 | x\\u{1b}\n"));
    let honest = Script::new("host.js", "\nthrow new Error('b');");
    let error = sandbox.eval(honest.clone()).map(drop).unwrap_err();
    assert_eq!(originals(&error), ["none"]);
    assert!(error.code_frame(&script).is_none(), "the frame is of the script that threw");
}

/// A realm has the maps of its own scripts, and of two scripts of one name that of the last.
#[test]
#[cfg_attr(feature = "quickjs", ignore = "QuickJS names the original place alone")]
fn maps_are_of_their_realm() {
    let mapped = || {
        Script::new("a.js", "export const text = () => { throw new Error('a'); };").source_map(LINE).unwrap()
    };
    let plain = Script::new("a.js", "export const text = () => { throw new Error('b'); };");
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let other = sandbox.realm().unwrap();
    let first = sandbox.load::<dyn Text>(mapped()).unwrap();
    let second = other.load::<dyn Text>(plain.clone()).unwrap();
    assert_eq!(originals(&first.text().unwrap_err()), ["a.ts:3"]);
    assert_eq!(originals(&second.text().unwrap_err()), ["none"]);
    let last = sandbox.load::<dyn Text>(plain).unwrap();
    assert_eq!(originals(&last.text().unwrap_err()), ["none"]);
}
