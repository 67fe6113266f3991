//! The names of the web: the same in the caller's thread, in a thread, in a pool, and at the end of each link, with open and with
//! frozen intrinsics.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use sandbox_runtime::{
    Bytes, Console, Engine, Intrinsics, Limits, LocalSandbox, Result, Sandbox, SandboxPool, Script, Trust,
    Web, sandbox_api,
};

#[macro_use]
mod sites;
mod slack;

#[sandbox_api(guest)]
pub trait Job {
    fn run(&self) -> Result<String>;
}

fn script(body: &str) -> Script {
    Script::new("job.mjs", format!("export function run() {{ {body} }}"))
}

const BOTH: [Intrinsics; 2] = [Intrinsics::Open, Intrinsics::Frozen];

/// All names of node that the engine has.
fn node() -> Web {
    match Engine::CURRENT {
        Engine::V8 => Web::node(),
        _ => Web::SELF | Web::GLOBAL | Web::TASKS | Web::EVENTS | Web::ABORT | Web::TIMERS | Web::PROCESS,
    }
}

/// The result of a body, which is one on all sites.
fn everywhere(web: Web, body: &str) -> String {
    let [open, frozen] = BOTH.map(|intrinsics| {
        let set = || LocalSandbox::builder().limits(slack::long()).intrinsics(intrinsics).web(web);
        let local = set().build().unwrap().load::<dyn Job>(script(body)).unwrap().run().unwrap();
        let pool = SandboxPool::builder().limits(slack::long()).intrinsics(intrinsics).web(web);
        let pool = pool.trust(Trust::SameTenant).build().unwrap();
        let pooled = pool.tenant("a").load::<dyn Job>(script(body)).unwrap().run().unwrap();
        assert_eq!(local, pooled, "in the caller's thread, and in a pool");
        let other =
            alike!(|builder| builder.limits(slack::long()).intrinsics(intrinsics).web(web), |sandbox| {
                sandbox.load::<dyn Job>(script(body)).unwrap().run().unwrap()
            });
        assert_eq!(local, other, "in the caller's thread, and on other sites");
        local
    });
    assert_eq!(open, frozen, "with open and with frozen intrinsics");
    open
}

#[test]
fn a_realm_without_the_web_has_no_name_of_it() {
    let body = "return Reflect.ownKeys(globalThis).filter((key) => ['self', 'global', 'window'].includes(key)).join()";
    assert_eq!(everywhere(Web::none(), body), "");
    assert_eq!(everywhere(Web::SELF, body), "self");
    assert_eq!(everywhere(node().without(Web::SELF), body), "global");
}

#[test]
fn the_global_object_has_its_names() {
    let body = "return [self === globalThis, global === globalThis, self.self === self, Object.keys(globalThis).filter((key) => key !== 'Intl')].join()";
    assert_eq!(everywhere(node(), body), "true,true,true,");
}

#[sandbox_api(guest)]
pub trait Packs {
    fn packed(&self, bytes: Bytes) -> Result<Bytes>;
}

/// Where a contract has bytes, a guest may have a `Buffer`.
#[test]
#[cfg_attr(feature = "quickjs", ignore = "QuickJS refuses the group")]
fn a_buffer_crosses_as_bytes() {
    let source = "export const packed = (bytes) => Buffer.concat([Buffer.from('<'), bytes, Buffer.from('3e', 'hex')]).subarray(1);";
    for intrinsics in BOTH {
        let packed = alike!(
            |builder| builder.limits(slack::long()).intrinsics(intrinsics).web(Web::BUFFER),
            |sandbox| {
                let guest = sandbox.load::<dyn Packs>(Script::new("packs.js", source)).unwrap();
                guest.packed(Bytes::from(b"a\xff".to_vec())).unwrap().to_vec()
            }
        );
        assert_eq!(packed, b"a\xff>");
    }
}

/// A console that nobody asked for drops its lines and reads no argument.
#[test]
fn a_line_that_nobody_wants_is_counted() {
    let body = "console.log({ get x() { throw 1; } }); console.table([1]); console.error(); \
                console.count({ toString() { throw 1; } }); return typeof console.group";
    for intrinsics in BOTH {
        let counted = alike!(|builder| builder.limits(slack::long()).intrinsics(intrinsics), |sandbox| {
            assert_eq!(sandbox.load::<dyn Job>(script(body)).unwrap().run().unwrap(), "function");
            let last = sandbox.usage().last;
            let output = sandbox.take_console();
            (last.console_bytes, last.console_dropped, output.lines.len(), output.dropped)
        });
        assert_eq!(counted, (0, 4, 0, 4));
    }
}

/// A line names the code that called the console, and the code that this was made from.
#[test]
fn only_v8_names_the_place_of_a_line() {
    let source = "export const run = () => {
        console.log('here');
        const helper = () => console.group('in', [1]);
        helper();
        [1].forEach(console.warn);
        Promise.resolve('later').then(console.error);
        console.assert(false); console.table([1]); console.count();
        return '';
    };";
    // One segment: all of the file is from the first line of the other one, by the third line of the script.
    let map = r#"{"version":3,"sources":["job.ts"],"names":[],"mappings":";;AAAA"}"#;
    for intrinsics in BOTH {
        let lines = alike!(
            |builder| builder.limits(slack::long()).intrinsics(intrinsics).console(Console::Capture),
            |sandbox| {
                let job = Script::new("job.js", source).source_map(map).unwrap();
                sandbox.load::<dyn Job>(job).unwrap().run().unwrap();
                let lines = sandbox.take_console().lines.into_iter();
                lines
                    .map(|line| line.place.map_or("none".into(), |place| place.to_string()))
                    .collect::<Vec<_>>()
            }
        );
        let expected = [
            "run (job.js:2:17)",
            "helper (job.ts:1:1 in job.js:3:38)",
            "run (job.js:5:13)",
            "run (job.js:7:17)",
            "run (job.js:7:40)",
            "run (job.js:7:60)",
            "none",
        ];
        assert_eq!(lines, if cfg!(feature = "quickjs") { ["none"; 7] } else { expected });
    }
}

/// The names of places are no way to fill the host's memory: lines beyond the bound have no place.
#[cfg(not(feature = "quickjs"))]
#[test]
fn the_names_of_places_are_bounded() {
    const LINES: usize = 1000;
    let name = format!("{}.js", "n".repeat(200));
    let limits = Limits { console_bytes: LINES * 10, ..slack::long() };
    let (places, lines) = alike!(|builder| builder.limits(limits).console(Console::Capture), |sandbox| {
        let source = format!(
            "export const run = () => {{ for (let i = 0; i < {LINES}; i++) console.log('0123456789'); return ''; }};"
        );
        sandbox.load::<dyn Job>(Script::new(&name, source)).unwrap().run().unwrap();
        let lines = sandbox.take_console().lines;
        (lines.iter().filter(|line| line.place.is_some()).count(), lines.len())
    });
    assert_eq!((places, lines), (LINES * 10 / ("run".len() + name.len()), LINES));
}

#[test]
fn the_console_can_be_absent() {
    let none = alike!(|builder| builder.limits(slack::long()).console(Console::Off), |sandbox| {
        sandbox.load::<dyn Job>(script("return typeof console")).unwrap().run().unwrap()
    });
    assert_eq!(none, "undefined");
}

/// The lines of a body, on all sites.
fn lines(body: &str) -> Vec<String> {
    let [open, frozen] = BOTH.map(|intrinsics| {
        let builder = || LocalSandbox::builder().limits(slack::long()).intrinsics(intrinsics);
        let local = builder().console(Console::Capture).build().unwrap();
        local.load::<dyn Job>(script(body)).unwrap().run().unwrap();
        let other = alike!(
            |builder| builder.limits(slack::long()).intrinsics(intrinsics).console(Console::Capture),
            |sandbox| {
                sandbox.load::<dyn Job>(script(body)).unwrap().run().unwrap();
                sandbox.take_console().lines
            }
        );
        assert_eq!(local.take_console().lines, other);
        other
    });
    assert_eq!(open, frozen);
    open.into_iter().map(|line| format!("{:?} {}", line.level, line.text)).collect()
}

#[test]
fn the_console_has_the_methods_of_its_standard() {
    let body = "
        const named = 'assert clear count countReset debug dir dirxml error group groupCollapsed groupEnd info log table time timeEnd timeLog trace warn';
        if (Object.keys(console).sort().join(' ') !== named) throw new Error(Object.keys(console).join(' '));
        console.group('one', 1);
        console.log('a\\nb');
        console.groupCollapsed();
        console.warn('deep');
        console.groupEnd();
        console.groupEnd();
        console.groupEnd();
        console.assert(true, 'no');
        console.assert(0, 'yes', { a: 1 });
        console.assert();
        console.count();
        console.count('x');
        console.count();
        console.countReset();
        console.count();
        console.countReset('none');
        console.dir({ a: [1] }, { depth: 0 });
        console.dirxml(1, 2);
        console.time();
        console.time();
        console.timeEnd('other');
        console.group();
        console.clear();
        console.info('flat');
        return '';";
    let expected = [
        "Info one 1",
        "Info   a\n  b",
        "Warn     deep",
        "Error Assertion failed: yes {\"a\": 1}",
        "Error Assertion failed",
        "Info default: 1",
        "Info x: 1",
        "Info default: 2",
        "Info default: 1",
        "Warn there is no count none",
        "Info {\"a\": [1]}",
        "Info 1 2",
        "Warn there is a timer default already",
        "Warn there is no timer other",
        "Info flat",
    ];
    assert_eq!(lines(body), expected);
}

#[test]
fn the_console_writes_tables() {
    let body = "
        console.table([{ a: 1, b: 'x' }, { a: 2 }]);
        console.table({ one: [1, 2] }, ['1']);
        console.table(5);
        return '';";
    let expected = [
        "Info ┌─────────┬───┬─────┐\n│ (index) │ a │ b   │\n├─────────┼───┼─────┤\n│ 0       │ 1 │ \"x\" │\n│ 1       │ 2 │     │\n└─────────┴───┴─────┘",
        "Info ┌─────────┬───┐\n│ (index) │ 1 │\n├─────────┼───┤\n│ one     │ 2 │\n└─────────┴───┘",
        "Info 5",
    ];
    assert_eq!(lines(body), expected);
}

/// The programs run after the guest has replaced what it can.
#[test]
fn replaced_intrinsics_change_nothing_for_the_console() {
    let body = "
        const broken = () => { throw new Error('broken'); };
        const replaced = [
          [Array.prototype, Symbol.iterator], [Object, 'keys'], [Object, 'defineProperty'], [Reflect, 'apply'], [Array.prototype, 'push'],
          [Function.prototype, 'call'], [Map.prototype, 'get'], [String.prototype, 'replace'], [Object.prototype, 'toString'],
        ];
        const define = Object.defineProperty;
        for (let i = 0; i < replaced.length; i++) define(replaced[i][0], replaced[i][1], { value: broken });
        define(Array.prototype, 0, { set: broken, configurable: true });
        console.group('g', 1); console.count(); console.assert(false, 'no'); console.groupEnd(); console.log('end');
        delete Array.prototype[0];
        return '';";
    let sandbox = Sandbox::builder().limits(slack::long()).console(Console::Capture).build().unwrap();
    sandbox.load::<dyn Job>(script(body)).unwrap().run().unwrap();
    let lines = sandbox.take_console().lines;
    let texts = lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>();
    assert_eq!(texts, ["g 1", "  default: 1", "  Assertion failed: no", "end"]);
}

#[test]
fn text_beyond_the_limit_is_dropped_however_it_is_made() {
    let limits = Limits { console_bytes: 1000, ..slack::long() };
    let body = "
        console.table([{ ['x'.repeat(60)]: 'y'.repeat(2000) }]);
        for (let i = 0; i < 20; i++) console.group();
        console.log('\\n'.repeat(100));
        console.count('x'.repeat(100000));
        console.clear();
        console.log('fits');
        return '';";
    let kept = alike!(|builder| builder.limits(limits).console(Console::Capture), |sandbox| {
        sandbox.load::<dyn Job>(script(body)).unwrap().run().unwrap();
        let output = sandbox.take_console();
        (output.lines.into_iter().map(|line| line.text).collect::<Vec<_>>(), output.dropped)
    });
    let deepest = format!("{}… 100003 characters …", "  ".repeat(16));
    assert_eq!(kept, (["an array", &deepest, "fits"].map(str::to_owned).into(), 1));
}
