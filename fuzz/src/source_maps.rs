//! Bytes → a source map → a script that throws. A broken map is refused, and any other gives a place or none.

use sandbox_runtime::{Error, LocalSandbox, Script};

/// The parts of maps.
const PIECES: [&str; 24] = [
    "AAAA",
    "AAEA",
    "EAAC",
    "CCCC",
    "A",
    "C",
    "AAAAA",
    "gB",
    "D",
    "AADA",
    "AACA,CAAC",
    "+/////D",
    "gggggggggg",
    ";",
    ";;;;",
    ",",
    ",,",
    "!",
    "ACAA",
    "ADAA",
    "I",
    "OAAO",
    "\u{202e}",
    "w/",
];

const SOURCES: [&str; 5] = [
    r#""sources":["a.ts"]"#,
    r#""sources":["a.ts","b.ts"],"sourcesContent":["1\n2\n3","\u001b\n"]"#,
    r#""sources":[null,"\n"],"sourceRoot":"https://example.org/""#,
    r#""sourcesContent":["x"]"#,
    r#""sources":[],"sections":[]"#,
];

const PROGRAM: &str =
    "const f = () => { throw new Error('a'); };\n\n try { f(); } catch (e) { e.stack; throw e; }";

thread_local! {
    static SANDBOX: LocalSandbox = LocalSandbox::builder().build().expect("a sandbox");
}

/// Returns whether a frame of the stack had an original place.
pub(crate) fn run(bytes: &[u8]) -> bool {
    let Some((first, rest)) = bytes.split_first() else { return false };
    // Few random pieces are a map that is whole.
    let most = if *first < 128 { 1 + usize::from(*first) / 32 } else { 60 };
    let mappings =
        || rest.iter().take(most).map(|byte| PIECES[usize::from(*byte) % PIECES.len()]).collect::<String>();
    let map = match first % 8 {
        0 => String::from_utf8_lossy(rest).into_owned(),
        first => {
            format!(
                r#"{{"version":3,{},"mappings":"{}"}}"#,
                SOURCES[usize::from(first) % SOURCES.len()],
                mappings()
            )
        }
    };
    let Ok(script) = Script::new("a.mjs", PROGRAM).source_map(map) else { return false };
    let error =
        SANDBOX.with(|sandbox| sandbox.eval(script.clone()).map(drop)).expect_err("the script throws");
    let text = error.to_string();
    assert!(text.lines().all(|line| !line.chars().any(char::is_control)), "{text}");
    assert!(error.code_frame(&script).is_some(), "the script itself has the place");
    let Error::Guest(thrown) = error else { panic!("{error:?}") };
    assert!(thrown.stack.iter().all(|frame| frame.file == "a.mjs"));
    thrown.stack.iter().any(|frame| frame.original.is_some())
}
