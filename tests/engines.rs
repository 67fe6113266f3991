//! The guide's table of what differs between the engines: a test for each row, on whichever engine this is.

use std::time::Duration;

use sandbox_runtime::{Engine, Error, LimitKind, Limits, LocalSandbox, Modules, Result, Script, sandbox_api};
use slack::{again, long};

mod slack;

#[sandbox_api(guest)]
pub trait Probe {
    fn probe(&self) -> Result<String>;
}

const QUICKJS: bool = matches!(Engine::CURRENT, Engine::QuickJs);

fn load(limits: Limits, body: &str) -> impl Probe + use<> {
    let script = Script::new("probe.js", format!("export function probe() {{ {body} }}"));
    let sandbox = LocalSandbox::builder().limits(limits).build().unwrap();
    again(|| sandbox.load::<dyn Probe>(script.clone())).unwrap()
}

fn run(body: &str) -> Result<String> {
    load(long(), body).probe()
}

fn thrown_name(outcome: Result<String>) -> Option<String> {
    match outcome {
        Err(Error::Guest(error)) => error.name,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_engine_says_its_name() {
    let name = if QUICKJS { "QuickJS " } else { "V8 15." };
    assert!(Engine::version().starts_with(name), "{}", Engine::version());
}

/// Ten times the work that the interpreter does in its time, and a tenth of what compiled code does.
#[test]
fn only_v8_compiles_what_is_hot() {
    let hot = "let s = 0; for (let i = 0; i < 3e8; i++) s += i; return String(s);";
    // Of the processor, which other work of the machine does not take.
    let outcome = load(Limits { cpu: Duration::from_secs(4), ..long() }, hot).probe();
    match QUICKJS {
        true => assert!(matches!(outcome, Err(Error::Limit { kind: LimitKind::Cpu, .. })), "{outcome:?}"),
        false => assert_eq!(outcome.unwrap(), "44999999767108860"),
    }
}

/// Each turn is three steps, of more than 20 µs: in the time that it has, the guest can make 2,500 of them. The first
/// call is there so that the second begins with the count at zero.
#[test]
fn quickjs_looks_at_the_time_limit_every_ten_thousandth_step() {
    let limits = Limits { wall: Duration::from_millis(50), ..Limits::default() };
    let sandbox = LocalSandbox::builder().limits(limits).build().unwrap();
    let load = |source: &str| again(|| sandbox.load::<dyn Probe>(Script::new("loop.js", source))).unwrap();
    let endless =
        load("export function probe() { for (globalThis.n = 0; ; n++) 'x'.repeat(2e5).charCodeAt(5); }");
    for _ in 0..2 {
        let outcome = endless.probe();
        assert!(matches!(outcome, Err(Error::Limit { kind: LimitKind::Wall, .. })), "{outcome:?}");
    }
    let turns: u32 = again(|| load("export const probe = () => String(n)").probe()).unwrap().parse().unwrap();
    if QUICKJS {
        assert!((3_000..=3_500).contains(&turns), "{turns} turns");
    }
}

#[test]
fn one_allocation_beyond_the_heap_is_refused_by_quickjs_and_may_pass_in_v8() {
    let body = "const name = (f) => { try { f(); return 'none'; } catch (e) { return e.name; } };
                return name(() => 'x'.repeat(1e8) + 'y') + (s => s.length)('y'.repeat(5));";
    let expected = if QUICKJS { "InternalError5" } else { "none5" };
    assert_eq!(run(body).unwrap(), expected);
}

/// Two lines that end a process on V8, and so are not run there.
#[test]
fn quickjs_survives_the_lines_that_end_v8() {
    if !QUICKJS {
        return;
    }
    for body in ["return 'x'.repeat(5e8).split('')", "return [].toSorted.call({ length: 2 ** 28 })"] {
        let guest = load(long(), body);
        assert_eq!(thrown_name(guest.probe()).as_deref(), Some("InternalError"), "{body}");
        assert_eq!(thrown_name(guest.probe()).as_deref(), Some("InternalError"), "the sandbox goes on");
    }
}

/// Errors that are made while the heap has a few hundred bytes left, and each time another number of them. In QuickJS the
/// frames of such an error ended the process.
#[test]
fn errors_in_a_full_heap_end_no_process() {
    let source = "const all = [];
        export function probe() {
            for (let size = 6000; ; ) {
                try { all.push(new Array(size).fill(0)); } catch { size = size > 8 ? size >> 1 : 997; all.pop(); }
            }
        }";
    for _ in 0..10 {
        let limits = Limits { heap: 16 << 20, buffers: 16 << 20, ..long() };
        let sandbox = LocalSandbox::builder().limits(limits).build().unwrap();
        let guest = sandbox.load::<dyn Probe>(Script::new("hoard.js", source)).unwrap();
        let outcome = guest.probe();
        assert!(matches!(outcome, Err(Error::Limit { kind: LimitKind::Heap, .. })), "{outcome:?}");
        sandbox.reset().unwrap();
        let fine = sandbox.load::<dyn Probe>(Script::new("fine.js", "export const probe = () => 'fine'"));
        assert_eq!(fine.unwrap().probe().unwrap(), "fine");
    }
}

/// Pools end many guests at their limits. `RUNS=1000` runs the example so many times.
#[test]
#[ignore = "200 runs of the example `pool`, of some seconds each"]
fn the_example_of_pools_ends_no_process() {
    let features: &[&str] = if QUICKJS { &["--no-default-features", "--features", "quickjs"] } else { &[] };
    let mut build = std::process::Command::new(env!("CARGO"));
    let build = build.args(["build", "--quiet", "--locked", "--example", "pool"]).args(features);
    assert!(build.status().unwrap().success());
    let tests = std::env::current_exe().unwrap();
    let example = tests.parent().and_then(|deps| deps.parent()).unwrap().join("examples/pool");
    let runs = std::env::var("RUNS").map_or(200, |runs| runs.parse().expect("a number"));
    for run in 0..runs {
        let output = std::process::Command::new(&example).output().unwrap();
        assert!(output.status.success(), "run {run}: {output:?}");
    }
}

/// The guest has the limit as it is in V8, but for values that are no numbers.
#[test]
fn a_guest_chooses_how_many_frames_an_error_has() {
    let frames = "const lines = (n) => {
        Error.stackTraceLimit = n;
        const deep = (n) => n > 0 ? deep(n - 1) + '' : new Error('x').stack.split('\\n').length - 1;
        return deep(20);
    };
    return [lines(3), lines(0), lines(12)].join()";
    assert_eq!(run(frames).unwrap(), "3,0,12");
    let odd = "Error.stackTraceLimit = { valueOf() { throw 5 } };
        try { null.x } catch (e) { return e.name }";
    assert_eq!(run(odd).unwrap(), "TypeError");
}

#[test]
fn a_limit_of_buffers_alone_is_refused_by_quickjs() {
    let limits = Limits { buffers: 8 << 20, ..Limits::default() };
    let outcome = LocalSandbox::builder().limits(limits).build().map(drop);
    match QUICKJS {
        true => {
            let Err(Error::Build { reason, .. }) = outcome else { panic!("{outcome:?}") };
            assert!(
                reason.contains("set `Limits::buffers` to at least `Limits::heap`, 67,108,864 bytes"),
                "{reason}"
            );
        }
        false => outcome.unwrap(),
    }
    let hoard = "const all = []; for (;;) all.push(new Uint8Array(1 << 20).fill(1));";
    let outcome = run(hoard);
    match QUICKJS {
        true => assert!(matches!(outcome, Err(Error::Limit { kind: LimitKind::Heap, .. })), "{outcome:?}"),
        false => {
            assert!(matches!(outcome, Err(Error::Limit { kind: LimitKind::Buffers, .. })), "{outcome:?}");
        }
    }
}

#[test]
fn a_guest_can_write_its_own_stack_in_quickjs() {
    let body = "const e = new Error('x'); e.stack = 'Error: x\\n    at forged (other.js:1:2)'; throw e;";
    let Err(Error::Guest(error)) = run(body) else { panic!("no error") };
    assert_eq!(error.stack[0].file, if QUICKJS { "other.js" } else { "probe.js" });
    let Err(Error::Guest(error)) = run("throw 5") else { panic!("no error") };
    assert_eq!(error.stack.len(), if QUICKJS { 0 } else { 1 }, "of what is no Error");
}

/// Properties in which the layer under QuickJS looks for pointers of its own.
#[test]
fn a_property_with_a_name_of_the_engine_is_data() {
    for name in ["__v8qjs_stack_ptr", "__v8qjs_message_text", "__qjs_cppgc_wrapped", "__wasm_global_ptr"] {
        for body in [
            format!("const e = new Error('x'); e.{name} = 81985529216486895; throw e"),
            format!("throw {{ {name}: 81985529216486895 }}"),
            format!("return {{ {name}: 81985529216486895 }}"),
            format!("Object.prototype.{name} = 81985529216486895; null.x"),
        ] {
            let guest = load(long(), &body);
            let outcome = guest.probe();
            assert!(matches!(outcome, Err(Error::Guest(_) | Error::Value(_))), "{body}: {outcome:?}");
            let source = "export const probe = () => 'fine'";
            let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
            assert_eq!(
                sandbox.load::<dyn Probe>(Script::new("a.js", source)).unwrap().probe().unwrap(),
                "fine"
            );
        }
    }
}

/// The layer's scan of a module needs stack for each substitution.
#[test]
fn quickjs_refuses_a_module_of_very_many_substitutions() {
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let module = |count: usize| {
        let source = format!("// {}\nexport const probe = () => 'fine'", "${".repeat(count));
        sandbox.load::<dyn Probe>(Script::new("templates.mjs", source))
    };
    let outcome = module(131_073).map(drop);
    match QUICKJS {
        true => assert!(matches!(outcome, Err(Error::Limit { kind: LimitKind::Stack, .. })), "{outcome:?}"),
        false => assert!(outcome.is_ok(), "{outcome:?}"),
    }
    assert_eq!(module(131_072).unwrap().probe().unwrap(), "fine");
}

#[test]
fn quickjs_binds_a_function_five_hundred_times() {
    let bound = "let f = () => 'fine', n = 0;
        try { for (; n < 1000; n++) f = f.bind() } catch (e) { return f() + e.name + n }
        return f()";
    assert_eq!(run(bound).unwrap(), if QUICKJS { "fineRangeError500" } else { "fine" });
}

/// 960 KiB are more than 768 KiB, and less than 1 MiB.
#[test]
fn quickjs_needs_a_larger_stack_of_its_callers_thread() {
    let built = || LocalSandbox::builder().limits(long()).build().map(drop);
    let thread = std::thread::Builder::new().stack_size(960 << 10).spawn(built).unwrap();
    let outcome = thread.join().unwrap();
    match QUICKJS {
        true => {
            let Err(Error::Build { reason, .. }) = outcome else { panic!("{outcome:?}") };
            assert!(reason.contains("at least 1048576"), "{reason}");
        }
        false => outcome.unwrap(),
    }
}

#[test]
fn only_v8_has_the_data_of_languages() {
    let german = run("return new Intl.NumberFormat('de').format(1234.5)").unwrap();
    assert_eq!(german, if QUICKJS { "1234.5" } else { "1.234,5" });
}

/// Runs another test of this file in a process without the variable.
#[test]
fn quickjs_refuses_to_cache_scripts_on_disk() {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "only_v8_has_the_data_of_languages", "--nocapture"])
        .env_remove("V82JSC_NO_BC_CACHE")
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.success(), !QUICKJS, "{error}");
    assert_eq!(
        error.contains("Build { reason:") && error.contains("set V82JSC_NO_BC_CACHE=1"),
        QUICKJS,
        "{error}"
    );
}

/// Text that C would end at its zero, in every place where the engine's layer handles names.
#[test]
fn text_with_a_zero_and_text_that_is_long_end_nothing() {
    let strange = ["a\\0b", "\\0", "%s%n%d", "\\ud800", "${'x'.repeat(1e6)}", "${'\\ud800'.repeat(1e5)}"];
    for text in strange {
        for body in [
            "return `TEXT`",
            "throw new Error(`TEXT`)",
            "const e = new Error('x'); e.name = `TEXT`; e.stack = `TEXT`; throw e",
            "const e = new Error('x'); e.stack = `    at TEXT (a:1:1)`; throw e",
            "throw `TEXT`",
            "throw Symbol(`TEXT`)",
            "return { [`TEXT`]: 1 }",
            "return { [Symbol(`TEXT`)]: 1 }",
            "const f = { [`TEXT`]() { null.x } }[`TEXT`]; f()",
            "class A { static [`TEXT`]() { throw new A } }; A[`TEXT`]()",
            "new RegExp(`TEXT`).exec(`TEXT`); return `TEXT`.normalize()",
            "import(`TEXT`).catch(() => {}); return `TEXT`",
            "return JSON.parse(`TEXT`)",
            "return new Intl.NumberFormat(`TEXT`).format(1)",
            "return new Date(`TEXT`).toISOString()",
            "return String(BigInt(`TEXT`))",
            "Error.captureStackTrace({ toString() { return `TEXT` } }); return globalThis[`TEXT`]",
        ] {
            let guest = load(Limits { value_bytes: 4 << 20, ..long() }, &body.replace("TEXT", text));
            let outcome = guest.probe();
            assert!(matches!(outcome, Ok(_) | Err(Error::Guest(_) | Error::Value(_))), "{body}: {outcome:?}");
        }
    }
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    for (name, source) in [
        ("a\0b.js", "export const probe = () => null.x"),
        ("c.mjs", "export const probe = () => 'a\0b'; const a\0b = 1;"),
        ("d.mjs", "const f = () => 'fine'; export { f as 'a\\0b', f as probe };"),
        ("%s%n.cjs", "exports.probe = () => { throw new Error('%s%n') }"),
        ("e.cjs", "}); (function () { for (;;) {} })(); (function () {"),
        ("f.mjs", "import 'a\\0b'; export const probe = () => ''"),
        ("g.mjs", "export * as probe from '\\ud800'"),
    ] {
        let outcome = sandbox.load::<dyn Probe>(Script::new(name, source)).and_then(|guest| guest.probe());
        assert!(!matches!(outcome, Err(Error::Discarded { .. })), "{name}: {outcome:?}");
    }
    let fine = Script::new("fine.js", "export const probe = () => 'fine'");
    assert_eq!(sandbox.load::<dyn Probe>(fine).unwrap().probe().unwrap(), "fine");
}

/// The engine of this build reads a whole text as a body, or writes a function around the text.
#[test]
fn only_quickjs_runs_what_closes_a_function_of_common_js() {
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let closing = Script::new("closes.cjs", "}); globalThis.ran = true; (function () {");
    let closed = sandbox.eval(closing).map(drop);
    assert_eq!(matches!(closed, Err(Error::Syntax { .. })), !QUICKJS, "{closed:?}");
    let ran = Script::new("ran.js", "export const probe = () => typeof ran");
    let expected = if QUICKJS { "boolean" } else { "undefined" };
    assert_eq!(sandbox.load::<dyn Probe>(ran).unwrap().probe().unwrap(), expected);
}

/// Microtasks that make more of their kind without end.
#[test]
fn microtasks_that_multiply_end_at_the_limit() {
    let body = "(function f() { Promise.resolve().then(f); Promise.resolve().then(f); })(); return 'done'";
    let limits = Limits { wall: Duration::from_millis(300), ..Limits::default() };
    let guest = load(limits, body);
    let first = guest.probe();
    assert!(matches!(first, Err(Error::Limit { .. })), "{first:?}");
    // By its time or by its heap, whichever comes first; after the time, QuickJS cannot drop them.
    let is_over = QUICKJS || first.is_err_and(|error| error.is_final());
    let second = guest.probe();
    assert_eq!(matches!(second, Err(Error::Discarded { .. })), is_over, "{second:?}");
}

/// A BigInt of more bits than any integer of Rust has is refused by its size, and not written down first.
#[test]
fn a_huge_bigint_is_refused_at_once() {
    for body in ["return 1n << 1000000n", "return -(1n << 1000000n)", "throw 1n << 1000000n"] {
        let outcome = run(body);
        assert!(matches!(outcome, Err(Error::Value(_) | Error::Guest(_))), "{body}: {outcome:?}");
    }
}

#[test]
fn only_v8_loads_scripts_of_several_files() {
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let one = Modules::new().file("a.js", "export const probe = () => 'one';");
    let several = Modules::new()
        .file("a.js", "export * from './b.js';")
        .file("b.js", "export const probe = () => 'several';");
    let probe = |modules| {
        let script = Script::modules(modules, "a.js").unwrap();
        sandbox.load::<dyn Probe>(script).and_then(|guest| guest.probe())
    };
    match probe(several) {
        Ok(said) => assert_eq!((&*said, QUICKJS), ("several", false)),
        Err(Error::Syntax { message, .. }) => {
            assert!(QUICKJS && message.contains("only a script of one"), "{message}");
        }
        Err(other) => panic!("{other:?}"),
    }
    assert_eq!(probe(one).unwrap(), "one");
}
