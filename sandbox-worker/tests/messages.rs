//! What an error says, and what it knows: the same in a thread and in a process.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::error::Error as _;
use std::io;
use std::time::Duration;

use sandbox_runtime::process::Process;
use sandbox_runtime::{
    Amount, Console, Engine, Error, Hint, LimitKind, Limits, LocalSandbox, Phase, Result, Sandbox, Script,
    sandbox_api,
};

mod sites;

/// Runs the same in the caller's thread, in a thread, and at the end of each link, and gives what it gives.
macro_rules! alike {
    (|$builder:ident| $built:expr, |$sandbox:ident| $body:expr) => {{
        let local = {
            let $builder = LocalSandbox::builder();
            let $sandbox = $built.build().unwrap();
            $body
        };
        let sent = {
            let $builder = Sandbox::builder();
            let $sandbox = $built.build().unwrap();
            $body
        };
        assert_eq!(local, sent, "in the caller's thread, and in a thread");
        for (site, link) in sites::links() {
            let away = {
                let $builder = Sandbox::builder().transport(link);
                let $sandbox = $built.build().unwrap();
                $body
            };
            assert_eq!(local, away, "in a thread, and {site}");
        }
        local
    }};
}

#[sandbox_api(guest)]
pub trait Job {
    fn run(&self) -> Result<f64>;
    fn ok(&self) -> Result<f64>;
}

#[sandbox_api(guest)]
pub trait Later {
    async fn run(&self) -> Result<f64>;
}

#[sandbox_api(host)]
pub trait Disk {
    fn read(&self) -> Result<f64>;
    fn told(&self) -> Result<f64>;
    fn text(&self) -> Result<f64>;
    #[sandbox(max_calls = 3)]
    fn rare(&self) -> f64;
    fn sleep(&self, millis: u32);
    async fn never(&self);
    async fn soon(&self);
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("the disk is broken")]
pub struct Broken(#[source] Cause);

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("head crash in sector {0}")]
pub struct Cause(u32);

struct Shelf;

#[sandbox_api]
impl Disk for Shelf {
    fn read(&self) -> Result<f64> {
        Err(Error::host(Broken(Cause(7))))
    }

    fn told(&self) -> Result<f64> {
        Err(Error::public(Broken(Cause(8))))
    }

    fn text(&self) -> Result<f64> {
        Err(Error::host("a text"))
    }

    fn rare(&self) -> f64 {
        1.0
    }

    fn sleep(&self, millis: u32) {
        std::thread::sleep(Duration::from_millis(millis.into()));
    }

    async fn never(&self) {
        std::future::pending().await
    }

    async fn soon(&self) {}
}

fn script(body: &str) -> Script {
    Script::new("job.js", format!("export const ok = () => 1;\nexport function run() {{ {body} }}"))
}

/// A call ends with this, and the next one works.
fn error(job: &dyn Job) -> Error {
    let error = job.run().unwrap_err();
    assert!(error.is_final() || job.ok().unwrap() == 1.0, "after {error}");
    error
}

#[test]
fn the_hosts_error_is_the_source() {
    let told = alike!(|builder| builder.host::<dyn Disk>(Shelf), |sandbox| {
        let job = sandbox.load::<dyn Job>(script("return Disk.read();")).unwrap();
        let failed = error(&job);
        assert_eq!(failed.host_error::<Broken>(), Some(&Broken(Cause(7))), "{failed:?}");
        assert_eq!(failed.host_error::<Cause>(), Some(&Cause(7)), "{failed:?}");
        assert!(failed.host_error::<io::Error>().is_none());
        let mut chain = Vec::new();
        let mut next = failed.source();
        while let Some(error) = next {
            chain.push(error.to_string());
            next = error.source();
        }
        let Error::Guest(thrown) = &failed else { panic!("{failed:?}") };
        assert!(!thrown.message.contains("disk is") && !thrown.message.contains("sector"), "{thrown}");
        chain
    });
    assert_eq!(told, ["the disk is broken", "the disk is broken", "head crash in sector 7"]);
}

#[test]
fn a_public_error_shows_its_text_alone() {
    let told = alike!(|builder| builder.host::<dyn Disk>(Shelf), |sandbox| {
        let job = sandbox.load::<dyn Job>(script("return Disk.told();")).unwrap();
        let failed = error(&job);
        let Error::Guest(thrown) = &failed else { panic!("{failed:?}") };
        (thrown.message.clone(), failed.host_error::<Cause>().map(|cause| cause.0))
    });
    assert_eq!(told, ("the disk is broken".to_owned(), Some(8)));
}

#[test]
fn a_text_is_no_source_of_itself() {
    alike!(|builder| builder.host::<dyn Disk>(Shelf), |sandbox| {
        let job = sandbox.load::<dyn Job>(script("return Disk.text();")).unwrap();
        let failed = error(&job);
        let host = failed.host_error::<Error>().unwrap();
        assert!(matches!(host, Error::Host { visible: false, source: None, .. }), "{host:?}");
        host.to_string()
    });
}

fn limits() -> Limits {
    Limits { wall: Duration::from_millis(200), host_calls: 10, script_bytes: 2_000, ..Limits::default() }
}

/// The text of a limit of time on a machine that has a processor for the guest.
fn as_if_idle(error: &Error) -> String {
    let text = error.to_string();
    match error {
        Error::Limit { excess, .. } if excess.phase == Some(Phase::Starved) => {
            let (call, _) = text.split_once(": it got ").unwrap();
            format!("{call}: the guest's code was running, as in a loop that does not end")
        }
        _ => text,
    }
}

/// Each limit says its name, its value and its unit, and has them as data.
#[test]
fn a_limit_names_itself_its_value_and_its_unit() {
    let ms = |ms| Some(Amount::Time(Duration::from_millis(ms)));
    let table = [
        (
            "for (;;);",
            LimitKind::Wall,
            ms(200),
            "Job.run: the call did not end within 200 ms (`Limits::wall`): the guest's code was running, as in a loop that does not end",
        ),
        (
            "Disk.sleep(3000); for (;;);",
            LimitKind::Wall,
            ms(2_000),
            "Job.run: the call did not end within 2,000 ms (`Limits::wall`): host methods that the guest called took most of the time",
        ),
        (
            "for (;;) Disk.soon().catch(() => {});",
            LimitKind::HostCalls,
            Some(Amount::Count(10)),
            "Job.run: the guest called host methods more than 10 times in one call (`Limits::host_calls`), the last time Disk.soon",
        ),
        (
            "for (;;) Disk.rare();",
            LimitKind::HostCalls,
            Some(Amount::Count(3)),
            "Job.run: the guest called Disk.rare more than 3 times in one call (`#[sandbox(max_calls)]`)",
        ),
        (
            "(function deep() { deep(); })();",
            LimitKind::Stack,
            Some(Amount::Bytes(1 << 20)),
            "Job.run: the guest's stack of at most 1,048,576 bytes (`Limits::stack`) is full, as by a recursion that does not end",
        ),
    ];
    for (body, kind, limit, text) in table {
        // The wall limit of a row about another limit is not reached on a busy machine.
        let wall = if let Some(Amount::Time(wall)) = limit { wall } else { Duration::from_secs(60) };
        let limits = Limits { wall, ..limits() };
        let told = alike!(|builder| builder.limits(limits).host::<dyn Disk>(Shelf), |sandbox| {
            let job = sandbox.load::<dyn Job>(script(body)).unwrap();
            let failed = error(&job);
            let Error::Limit { kind, excess, .. } = &failed else { panic!("{failed:?}") };
            assert_eq!(*kind, excess.kind);
            (*kind, excess.limit, as_if_idle(&failed))
        });
        assert_eq!(told, (kind, limit, text.to_owned()));
    }
}

#[test]
fn a_limit_of_memory_names_itself() {
    if Engine::CURRENT == Engine::QuickJs {
        return; // Buffers are part of its heap.
    }
    let small =
        Limits { heap: 16 << 20, buffers: 1 << 20, wall: Duration::from_secs(60), ..Limits::default() };
    let bodies = [
        (
            "const a = []; for (;;) a.push(new Array(1000).fill(a.length));",
            "the guest's heap grew beyond 16,777,216 bytes (`Limits::heap`)",
        ),
        (
            "new ArrayBuffer(1e7);",
            "the guest's ArrayBuffers were to take more than 1,048,576 bytes (`Limits::buffers`)",
        ),
    ];
    for (body, text) in bodies {
        let told = alike!(|builder| builder.limits(small), |sandbox| {
            let job = sandbox.load::<dyn Job>(script(body)).unwrap();
            error(&job).to_string()
        });
        assert_eq!(told, format!("Job.run: {text}"));
    }
}

#[test]
fn a_script_that_is_too_long_says_how_long_it_is() {
    let told = alike!(|builder| builder.limits(limits()), |sandbox| {
        let long = format!("export const ok = 1; // {}", "x".repeat(3_000));
        let error = sandbox.eval(Script::new("long.js", long)).map(drop).unwrap_err();
        let Error::Limit { excess, .. } = &error else { panic!("{error:?}") };
        (excess.limit, excess.met, error.to_string())
    });
    let text =
        "long.js: a script has at most 2,000 bytes (`Limits::script_bytes`), and this one has 3,024 bytes";
    assert_eq!(told, (Some(Amount::Bytes(2_000)), Some(Amount::Bytes(3_024)), text.to_owned()));
}

/// What a call did when its time was over.
#[tokio::test]
async fn a_limit_of_time_says_what_was_waited_for() {
    for (body, phase) in [
        ("await new Promise(() => {});", Phase::AwaitsPromise),
        ("await Disk.never();", Phase::AwaitsHost),
        ("await Disk.soon(); for (;;);", Phase::Running),
    ] {
        // On a busy machine, a loop may get no processor.
        let is_told = |told| told == Some(phase) || (phase, told) == (Phase::Running, Some(Phase::Starved));
        let source = format!("export async function run() {{ {body} }}");
        let sandbox = Sandbox::builder().limits(limits()).host::<dyn Disk>(Shelf).build().unwrap();
        let later = sandbox.load_async::<dyn Later>(Script::new("later.mjs", source.clone())).await.unwrap();
        let error = later.run().await.unwrap_err();
        let Error::Limit { kind: LimitKind::Wall, excess, .. } = &error else { panic!("{error:?}") };
        assert!(is_told(excess.phase), "{error}");

        let process = Process::new().program(env!("CARGO_BIN_EXE_sandbox-worker"));
        let away = Sandbox::builder().transport(process).limits(limits()).host::<dyn Disk>(Shelf);
        let away = away.build().unwrap();
        let later = away.load_async::<dyn Later>(Script::new("later.mjs", source)).await.unwrap();
        let error = later.run().await.unwrap_err();
        let Error::Limit { kind: LimitKind::Wall, excess, .. } = &error else { panic!("{error:?}") };
        assert!(is_told(excess.phase), "{error}");
        assert!(
            error.to_string().starts_with("Later.run: the call did not end within 200 ms (`Limits::wall`): "),
            "{error}"
        );
    }
}

#[test]
fn a_missing_export_says_what_there_is() {
    let told = alike!(|builder| builder, |sandbox| {
        let load = |source: &str| {
            sandbox.load::<dyn Job>(Script::new("job.js", source)).map(drop).unwrap_err().to_string()
        };
        [
            load("export const rum = 1; export default { price: 2, ok() {} };"),
            load("export const Run = () => 1, ok = () => 1;"),
            load("const run = 1;"),
            load("const run = () => 1;"),
            load("export default function run() {}"),
        ]
    });
    assert_eq!(
        told,
        [
            "job.js does not implement Job: no export `run` (`rum` is one); it exports rum, price, ok",
            "job.js does not implement Job: no export `run` (`Run` is one); it exports Run, ok",
            "job.js does not implement Job: no export `run`; no export `ok`; it exports nothing: write `export` before the function `run`",
            "job.js does not implement Job: no export `ok`; it exports run",
            "job.js does not implement Job: no export `run`; no export `ok`; it exports `default` alone: write `export function run(…)`, or `export default { run }`",
        ]
    );
}

#[test]
fn a_script_without_a_name_is_called_so() {
    let told = alike!(|builder| builder.limits(limits()), |sandbox| {
        let load = |source: &str| {
            sandbox.load::<dyn Job>(Script::new("", source)).map(drop).unwrap_err().to_string()
        };
        [load("const run = 1;"), load("export const run = ("), load(&" ".repeat(3_000))]
    });
    let [mismatch, syntax, limit] = &told;
    assert!(
        mismatch.starts_with("a script without a name does not implement Job: no export `run`; "),
        "{mismatch}"
    );
    assert!(syntax.starts_with("a script without a name:1:21: SyntaxError: "), "{syntax}");
    assert!(limit.starts_with("a script without a name: a script has at most 2,000 bytes ("), "{limit}");
}

/// A script that is TypeScript, or CommonJS by its name alone.
#[test]
fn a_script_in_another_language_is_told() {
    for source in [
        "interface Order {\n  total: number;\n}",
        "export interface Order { total: number }",
        "type Rate = number;",
        "export const run = (n: number) => n;",
        "export function run(order: Order): number { return 1; }",
        "export const run = (n) => n as number;",
        "export enum Color { Red, Green }",
        "export function run<T>(value) { return value; }",
        "export const rate: number = 1;",
        "export class Rule { private rate = 1; }",
    ] {
        let told = alike!(|builder| builder, |sandbox| {
            let error = sandbox.eval(Script::new("rule.js", source)).map(drop).unwrap_err();
            let Error::Syntax { hint, line, .. } = &error else { panic!("{source}: {error:?}") };
            (*hint, *line > 0, error.to_string())
        });
        if Engine::CURRENT == Engine::V8 {
            assert_eq!((told.0, told.1), (Some(Hint::TypeScript), true), "{source}: {}", told.2);
        }
    }
    let plain = alike!(|builder| builder, |sandbox| {
        let sources = [
            "export const run = () => { return 1 1; };",
            "const x = { a: 1, b: };",
            "if (a < b) { (c > d; }",
        ];
        sources.map(|source| match sandbox.eval(Script::new("rule.js", source)).map(drop) {
            Err(Error::Syntax { hint, .. }) => hint,
            other => panic!("{source}: {other:?}"),
        })
    });
    assert_eq!(plain, [None; 3]);
    let error = alike!(|builder| builder, |sandbox| {
        sandbox.eval(Script::new("rule.cjs", "export const run = 1;")).map(drop).unwrap_err().to_string()
    });
    assert!(error.starts_with("rule.cjs:1:1: ") && error.contains("`module.exports = { … }`"), "{error}");
}

#[test]
fn an_import_says_where_it_is_and_what_to_do() {
    let error = alike!(|builder| builder, |sandbox| {
        let script = Script::new("rule.mjs", "export const run = () => 1;\nimport lodash from 'lodash';\n");
        sandbox.eval(script).map(drop).unwrap_err().to_string()
    });
    assert!(
        error.contains("import of \"lodash\"") && error.contains("bundle what it needs into it"),
        "{error}"
    );
    if Engine::CURRENT == Engine::V8 {
        assert!(error.contains("rule.mjs:2:"), "{error}");
    }
}

/// An object that is thrown and is no Error may have a message.
#[test]
fn a_thrown_object_is_told_with_its_message() {
    for (thrown, text) in [
        ("{ message: 'no rate' }", "threw an object with the message \"no rate\""),
        ("{ message: 1 }", "threw an object"),
        ("{ code: 'x' }", "threw an object"),
    ] {
        let error = alike!(|builder| builder, |sandbox| {
            error(&sandbox.load::<dyn Job>(script(&format!("throw {thrown};"))).unwrap()).to_string()
        });
        assert_eq!(error.lines().next(), Some(format!("Job.run: {text}").as_str()));
    }
}

/// The host is told what a guest lacks; the guest sees what it would see anywhere.
#[test]
fn a_name_of_another_platform_has_a_hint_for_the_host() {
    for (name, hint) in [
        (
            "fetch('x')",
            "`fetch` is not part of a sandbox's realm, unless the builder gives it, and the contract that it asks: `.web(Web::FETCH).host::<dyn FetchApi>(…)`",
        ),
        ("setTimeout(() => {}, 1)", "`setTimeout` is not part of a sandbox's realm"),
        (
            "Buffer.from('')",
            "`Buffer` is not part of a sandbox's realm, unless the builder gives it: `.web(Web::BUFFER)`",
        ),
        (
            "process.env",
            "`process` is not part of a sandbox's realm, unless the builder gives it: `.web(Web::PROCESS)`",
        ),
        ("require('fs')", "a sandbox has no `require`: bundle what the script needs into the script"),
        ("console.log(1)", "the sandbox's builder has turned the console off: `.console(Console::Off)`"),
        ("self.x", "`self` is not part of a sandbox's realm, unless the builder gives it: `.web(Web::SELF)`"),
    ] {
        let (error, seen) = alike!(|builder| builder.console(Console::Off), |sandbox| {
            let job = sandbox.load::<dyn Job>(script(&format!("return {name};"))).unwrap();
            let seen = format!("try {{ {name}; }} catch (error) {{ throw error.message; }}");
            let seen = sandbox.load::<dyn Job>(script(&seen)).unwrap();
            let Error::Guest(thrown) = error(&seen) else { panic!("a text is thrown") };
            (error(&job).to_string(), thrown.message.clone())
        });
        assert!(error.contains(&format!("\n  hint: {hint}")), "{error}");
        assert!(!seen.contains("sandbox"), "{seen}");
    }
    // QuickJS has some of these.
    if Engine::CURRENT == Engine::V8 {
        for (name, hint) in [
            (
                "eval('1')",
                "a sandbox makes no code of text (`eval`, `Function`), unless the builder allows it: `.allow(Permission::Eval)`",
            ),
            (
                "module.exports",
                "`module` is of CommonJS: write `export`, or give the script a name that ends with `.cjs`",
            ),
            ("exports.run", "`exports` is of CommonJS: write `export`"),
            (
                "structuredClone({})",
                "`structuredClone` is not part of a sandbox's realm, unless the builder gives it: `.web(Web::CLONE)`",
            ),
            (
                "queueMicrotask(() => {})",
                "`queueMicrotask` is not part of a sandbox's realm, unless the builder gives it: `.web(Web::TASKS)`",
            ),
        ] {
            let error = alike!(|builder| builder, |sandbox| {
                error(&sandbox.load::<dyn Job>(script(&format!("return {name};"))).unwrap()).to_string()
            });
            assert!(error.contains(&format!("\n  hint: {hint}")), "{error}");
        }
    }
    let error = alike!(|builder| builder, |sandbox| {
        error(&sandbox.load::<dyn Job>(script("return mine;")).unwrap()).to_string()
    });
    assert!(!error.contains("hint"), "{error}");
}
