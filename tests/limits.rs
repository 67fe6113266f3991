//! What a guest may use: each limit ends the call with its own error, and the host goes on.

use std::time::{Duration, Instant};

use sandbox_runtime::{
    DiscardCause, Engine, Error, LimitKind, Limits, LocalSandbox, Permission, Result, Sandbox, Script,
    sandbox_api,
};
use slack::{LONG, again, long};

mod slack;

#[sandbox_api(guest)]
pub trait Job {
    fn run(&self) -> Result<f64>;
    fn ok(&self) -> Result<f64>;
}

const WALL: Duration = Duration::from_millis(200);

fn limits() -> Limits {
    Limits { wall: WALL, ..Limits::default() }
}

fn script(body: &str) -> Script {
    Script::new("job.js", format!("export function ok() {{ return 1; }}\nexport function run() {{ {body} }}"))
}

/// Runs `body` in both kinds of sandbox and gives the errors, after checking that the next call works.
fn errors(limits: Limits, body: &str) -> Vec<Error> {
    let local = LocalSandbox::builder().limits(limits).build().unwrap();
    let local = again(|| local.load::<dyn Job>(script(body))).unwrap();
    let sent = Sandbox::builder().limits(limits).build().unwrap();
    let sent = again(|| sent.load::<dyn Job>(script(body))).unwrap();
    [&local as &dyn Job, &sent]
        .map(|job| {
            let error = job.run().expect_err(body);
            match again(|| job.ok()) {
                Ok(one) => assert!(one == 1.0 && !error.is_final(), "after {error}: {body}"),
                Err(next) => {
                    // Microtasks that multiply cannot be dropped there.
                    let is_left = Engine::CURRENT == Engine::QuickJs && body.starts_with("Promise");
                    assert!(error.is_final() || is_left, "after {error}: {next}: {body}");
                    assert!(matches!(next, Error::Discarded { .. }), "{next:?}");
                }
            }
            error
        })
        .into()
}

fn assert_kind(errors: &[Error], expected: LimitKind) {
    for error in errors {
        assert!(matches!(error, Error::Limit { kind, .. } if *kind == expected), "{error:?}");
    }
}

#[test]
fn endless_programs_end_at_the_wall_limit() {
    for body in [
        "for (;;) {}",
        "for (;;) { try { for (;;) {} } catch {} finally { continue; } }",
        "/^(a+)+$/.test('a'.repeat(40) + '!')",
        "(function again() { Promise.resolve().then(again); })(); return 1",
        "return { get valueOf() { for (;;) {} } }.valueOf",
        "[3, 2, 1].sort(() => { for (;;) {} })",
        "'a'.replace(/a/, () => { for (;;) {} })",
        "(function* () { for (;;) yield 1; })().forEach(() => {})",
        // The two programs whose loops lose their interrupt check when V8 unrolls loops.
        "let q; for (;;) q = new Array(3000); return q.length",
        "throw { get message() { for (;;) {} } }, Error.prepareStackTrace = () => { for (;;) {} }",
        "Error.prepareStackTrace = () => { for (;;) {} }; for (;;) {}",
    ] {
        let started = Instant::now();
        let errors = errors(limits(), body);
        // `throw` of an object with a getter ends at once, because nothing of it is read.
        if body.starts_with("throw") {
            assert!(errors.iter().all(|error| matches!(error, Error::Guest(_))), "{errors:?}");
            continue;
        }
        assert_kind(&errors, LimitKind::Wall);
        // How soon is for `kills.rs` to say.
        assert!(started.elapsed() < LONG / 2, "{body} took {:?}", started.elapsed());
    }
}

/// A chain of promises that keeps all of its links: it may fill the heap before its time is over, or on the way out.
#[test]
fn a_chain_of_promises_ends_at_the_first_limit_that_it_meets() {
    let chain =
        "Promise.resolve().then(function again() { return Promise.resolve().then(again); }); return 1";
    for limits in [limits(), Limits { heap: 8 << 20, ..long() }] {
        for error in errors(limits, chain) {
            let met = matches!(error, Error::Limit { kind: LimitKind::Wall | LimitKind::Heap, .. });
            assert!(met, "{error:?}");
        }
    }
}

/// What a guest gets for one allocation that can never be.
fn refused_an_allocation(error: &Error) -> bool {
    let expected = if Engine::CURRENT == Engine::QuickJs { "InternalError" } else { "RangeError" };
    matches!(error, Error::Guest(thrown) if thrown.name.as_deref() == Some(expected))
}

#[test]
fn a_heap_that_grows_ends_at_its_limit_and_the_sandbox_is_discarded() {
    let limits = Limits { heap: 32 << 20, ..long() };
    for body in [
        "const all = []; for (;;) all.push(new Array(1000).fill(1.5));",
        "const all = []; for (;;) all.push({ text: 'x'.repeat(100) + all.length });",
        "const all = new Map(); for (let i = 0; ; i++) all.set(i, [i, i]);",
        "let s = 'ab'; const all = []; for (;;) { s = s + all.length; all.push(s.split('')); }",
        "const all = []; for (;;) all.push(() => all);",
        "const a = []; for (;;) a.push(new Array(1000).fill(1))",
        "const a = new Array(3e7).fill(0); for (;;) a.push([a.length])",
        "let s = 'x'.repeat(1 << 20); for (;;) { s = (s + s).slice(1); s.charCodeAt(5); }",
    ] {
        for error in errors(limits, body) {
            let is_limit = matches!(error, Error::Limit { kind: LimitKind::Heap, .. });
            assert!(is_limit || refused_an_allocation(&error), "{body}: {error:?}");
        }
    }
}

#[test]
fn a_discarded_sandbox_says_why() {
    let limits = Limits { heap: 16 << 20, ..long() };
    let sandbox = Sandbox::builder().limits(limits).build().unwrap();
    let job = sandbox.load::<dyn Job>(script("const a = []; for (;;) a.push([a.length])")).unwrap();
    assert!(matches!(job.run(), Err(Error::Limit { kind: LimitKind::Heap, .. })));
    let Err(Error::Discarded { cause: DiscardCause::Fault(cause), .. }) = job.ok() else {
        panic!("the sandbox went on")
    };
    assert!(matches!(*cause, Error::Limit { kind: LimitKind::Heap, .. }), "{cause:?}");
    assert!(matches!(sandbox.eval(Script::new("a.js", "1")), Err(Error::Discarded { .. })));
}

#[test]
fn deep_recursion_ends_at_the_stack_limit() {
    for body in [
        "return (function f() { return f(); })()",
        "return (function f(n) { return n + f(n + 1); })(0)",
        "const f = () => [1].map(f); return f()",
        "const parse = (n) => n ? parse(n - 1) + 1 : 0; return parse(1e6)",
        "return new RegExp('('.repeat(3e4) + ')'.repeat(3e4)).test('') ? 1 : 0",
        "class A { get a() { return this.a; } } return new A().a",
        "const p = new Proxy({}, { get: (t, k, r) => r[k] }); return p.x",
    ] {
        for error in errors(long(), body) {
            let is_stack = matches!(error, Error::Limit { kind: LimitKind::Stack, .. });
            // The parser of regular expressions has an error of its own.
            let is_regexp = matches!(&error, Error::Guest(e) if e.name.as_deref() == Some("SyntaxError"));
            assert!(is_stack || is_regexp, "{body}: {error:?}");
        }
    }
}

#[test]
fn a_microtask_that_was_left_behind_does_not_end_the_next_call() {
    let job = "Promise.resolve().then(() => { for (;;) {} }); for (;;) {}";
    assert_kind(&errors(limits(), job), LimitKind::Wall);
}

#[test]
fn buffers_outside_of_the_heap_are_counted() {
    if Engine::CURRENT == Engine::QuickJs {
        // There they are part of the heap; see `engines.rs`.
        return;
    }
    let limits = Limits { buffers: 8 << 20, ..long() };
    let hoard = "const all = []; for (;;) all.push(new Uint8Array(1 << 20).fill(1));";
    for error in errors(limits, hoard) {
        assert!(matches!(&error, Error::Limit { kind: LimitKind::Buffers, .. }), "{error:?}");
    }
    let caught = "try { new ArrayBuffer(1 << 24) } catch (error) { if (error instanceof RangeError) throw 'a RangeError' }";
    for error in errors(limits, caught) {
        assert!(matches!(&error, Error::Guest(e) if e.message == "\"a RangeError\""), "{error:?}");
    }
    // Caught, and followed by a heap that grows: the limit of the heap holds as before.
    let both = "const all = []; try { for (;;) all.push(new ArrayBuffer(1 << 20)); } catch {} for (;;) all.push([all.length]);";
    assert_kind(&errors(limits, both), LimitKind::Heap);
    let huge =
        "try { new ArrayBuffer(1 << 30); } catch {} const a = new Array(3e7).fill(0); for (;;) a.push([a]);";
    assert_kind(&errors(limits, huge), LimitKind::Heap);
    let sandbox = LocalSandbox::builder().limits(limits).build().unwrap();
    let reuse =
        "let n = 0; for (let i = 0; i < 100; i++) n += new ArrayBuffer(4 << 20).byteLength; return n;";
    let job = sandbox.load::<dyn Job>(script(reuse)).unwrap();
    assert_eq!(job.run().unwrap(), f64::from(400 << 20), "what is collected can be used again");
}

#[test]
fn what_cannot_be_is_refused_when_the_sandbox_is_built() {
    let wrong = [
        Limits { wall: Duration::ZERO, ..Limits::default() },
        Limits { cpu: Duration::ZERO, ..Limits::default() },
        Limits { heap: 1 << 20, ..Limits::default() },
        Limits { stack: 1024, ..Limits::default() },
        Limits { stack: 1 << 30, ..Limits::default() },
        Limits { value_depth: 1000, ..Limits::default() },
    ];
    for limits in wrong {
        assert!(matches!(Sandbox::builder().limits(limits).build(), Err(Error::Build { .. })), "{limits:?}");
        assert!(
            matches!(LocalSandbox::builder().limits(limits).build(), Err(Error::Build { .. })),
            "{limits:?}"
        );
    }
}

#[test]
fn the_least_that_is_allowed_is_enough_for_a_small_script() {
    let least = Limits {
        wall: Duration::from_millis(1),
        heap: 8 << 20,
        buffers: if Engine::CURRENT == Engine::QuickJs { 8 << 20 } else { 0 },
        stack: 512 << 10,
        cpu: Duration::from_millis(1),
        total_cpu: Duration::MAX,
        script_bytes: 1 << 10,
        host_calls: 0,
        pending: 0,
        handles: 0,
        console_bytes: 0,
        value_nodes: 1,
        value_bytes: 0,
        value_text: 0,
        value_items: 0,
        value_depth: 0,
    };
    for _ in 0..20 {
        let sandbox = Sandbox::builder().limits(Limits { wall: LONG, cpu: LONG, ..least }).build().unwrap();
        assert_eq!(sandbox.load::<dyn Job>(script("return 1")).unwrap().run().unwrap(), 1.0);
    }
    // A millisecond may be too short for a script to be evaluated, and then says so.
    let sandbox = LocalSandbox::builder().limits(least).build().unwrap();
    let job = sandbox.load::<dyn Job>(script("return 1")).map(|job| job.run());
    assert!(matches!(job, Ok(Ok(1.0)) | Ok(Err(Error::Limit { .. })) | Err(Error::Limit { .. })));
}

/// Sources that are nested so deep that the parser itself has no stack left: what is repeated, and how often.
const TOO_DEEP: &[(&str, u32)] = &[
    ("(", 100_000),
    ("[", 100_000),
    ("{", 100_000),
    ("`${", 50_000),
    ("try{", 20_000),
    ("if(1)", 100_000),
    ("f(", 100_000),
    ("x=>", 100_000),
    ("!", 100_000),
    ("function f(){", 20_000),
    ("class C{[", 20_000),
    ("a?", 100_000),
    ("new ", 100_000),
];

#[test]
fn a_script_that_is_nested_too_deep_is_a_matter_of_the_stack() {
    let labels = (0..50_000).map(|n| format!("l{n}:")).collect::<String>();
    let repeated = TOO_DEEP.iter().map(|(text, times)| text.repeat(*times as usize));
    for text in repeated.chain([labels]) {
        for name in ["deep.js", "deep.mjs", "deep.cjs"] {
            let deep = || {
                Script::new(
                    name,
                    format!("export const run = () => 1; {text}")
                        .replace("export", if name.ends_with("cjs") { "" } else { "export" }),
                )
            };
            let local = LocalSandbox::builder().limits(long()).build().unwrap();
            let sent = Sandbox::builder().limits(long()).build().unwrap();
            let errors =
                [local.eval(deep()).map(drop).unwrap_err(), sent.eval(deep()).map(drop).unwrap_err()];
            let start = text.get(..16).unwrap_or(&text);
            for error in &errors {
                assert!(
                    matches!(error, Error::Limit { kind: LimitKind::Stack, .. }),
                    "{name}, {start}: {error:?}"
                );
                assert!(error.to_string().contains(name), "{error}");
            }
            let (local, sent) =
                (local.load::<dyn Job>(script("return 2")), sent.load::<dyn Job>(script("return 2")));
            assert!(local.unwrap().run().unwrap() == 2.0 && sent.unwrap().run().unwrap() == 2.0);
        }
    }
}

/// V8 looks at no limit while it compiles, so the texts of `eval` and of the constructors of functions have the limit of scripts.
#[test]
fn code_from_a_long_text_is_over_the_limit_of_scripts() {
    if Engine::CURRENT != Engine::V8 {
        return;
    }
    let limits = Limits { script_bytes: 100_000, ..long() };
    let ways = [
        "eval(text)",
        "(0, eval)(text)",
        "try { eval(text) } catch {} for (;;);",
        "eval('//' + 'x'.repeat(60_000) + '\u{e4}'.repeat(30_000))",
        "new Function(text)",
        "Function('a', text)",
        "Function(text.replaceAll(';', ' '), '')",
        "new (async () => {}).constructor(text)",
        "new (function* () {}).constructor(text)",
        "new (async function* () {}).constructor(text)",
        "eval('eval(text)')",
        "[text].map(eval)",
        "eval('1;'.repeat(2 ** 27))",
    ];
    for way in ways {
        let sandbox = LocalSandbox::builder().limits(limits).allow(Permission::Eval).build().unwrap();
        let body = format!("const text = ';'.repeat(100_001); {way}; return 2");
        let job = sandbox.load::<dyn Job>(script(&body)).unwrap();
        match job.run() {
            Err(Error::Limit { kind: LimitKind::Script, excess, .. }) => {
                assert!(excess.to_string().contains("Limits::script_bytes"), "{excess}");
            }
            other => panic!("{way}: {other:?}"),
        }
        assert_eq!(job.ok().unwrap(), 1.0, "{way}");
    }
    let sandbox = LocalSandbox::builder().limits(limits).allow(Permission::Eval).build().unwrap();
    let body = "const object = {}; return eval(object) === object && eval(';'.repeat(99_999) + '7') + Function('return 1')()";
    assert_eq!(sandbox.load::<dyn Job>(script(body)).unwrap().run().unwrap(), 8.0);
}
