//! The settings of a guest's world: console, clock, random numbers, frozen intrinsics, permissions; locale and time zone.

use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sandbox_runtime::{
    Clock, Console, ConsoleLine, Engine, Error, Intrinsics, Level, Limits, LocalSandbox, Permission, Random,
    Result, Sandbox, Script, VirtualClock, sandbox_api,
};
use slack::{again, long};

mod slack;

#[sandbox_api(guest)]
pub trait Probe {
    fn probe(&self) -> Result<String>;
}

#[sandbox_api(guest)]
pub trait Later {
    async fn probe(&self) -> Result<String>;
}

#[sandbox_api(host)]
pub trait Tool {
    fn echo(&self, text: &str) -> String;
}

struct Hammer;
impl Tool for Hammer {
    fn echo(&self, text: &str) -> String {
        text.into()
    }
}

type Builder = sandbox_runtime::Builder<LocalSandbox>;

fn builder() -> Builder {
    LocalSandbox::builder().limits(long()).host::<dyn Tool>(Hammer)
}

fn script(body: &str) -> Script {
    Script::new("probe.mjs", format!("export function probe() {{ {body} }}"))
}

fn probe(builder: Builder, body: &str) -> Result<String> {
    builder.build()?.load::<dyn Probe>(script(body))?.probe()
}

// ---------------------------------------------------------------------------------------------------------
// The console

#[test]
fn without_a_console_there_is_none() {
    assert_eq!(probe(builder().console(Console::Off), "return typeof console").unwrap(), "undefined");
}

#[test]
fn a_console_takes_every_kind_of_value() {
    let table = [
        ("console.log('a', 'b')", Level::Info, "a b"),
        ("console.info()", Level::Info, ""),
        (
            "console.debug(1, -0, NaN, 5n, true, null, undefined)",
            Level::Debug,
            "1 -0 NaN 5n true null undefined",
        ),
        ("console.trace('t')", Level::Debug, "t"),
        ("console.warn([1, 'x', { y: [] }])", Level::Warn, r#"[1, "x", {"y": []}]"#),
        ("console.error(new RangeError('r'))", Level::Error, "RangeError: r"),
        ("console.log(() => 1, Symbol('s'), new Proxy({}, {}))", Level::Info, "a function a symbol a Proxy"),
        ("const o = {}; o.o = o; console.log(o)", Level::Info, "an object"),
        ("console.log({ get x() { throw 1; } })", Level::Info, "an object"),
        ("console.log('\\ud800')", Level::Info, "\u{fffd}"),
        ("const { log } = console; log('alone')", Level::Info, "alone"),
    ];
    for (code, level, text) in table {
        let sandbox = builder().console(Console::Capture).build().unwrap();
        let guest = sandbox.load::<dyn Probe>(script(&format!("{code}; return 'fine'"))).unwrap();
        assert_eq!(guest.probe().unwrap(), "fine", "{code}");
        let output = sandbox.take_console();
        let lines = output.lines.iter().map(|line| (line.level, &*line.text)).collect::<Vec<_>>();
        assert_eq!(lines, [(level, text)], "{code}");
        assert_eq!(sandbox.take_console().lines, [], "what was taken is gone");
    }
}

/// A gigabyte, in lines of a megabyte and in many small ones.
#[test]
fn a_flood_stops_at_the_cap_and_is_counted() {
    let limits = Limits { console_bytes: 10_000, ..long() };
    let sandbox = Sandbox::builder().limits(limits).console(Console::Capture).build().unwrap();
    let flood = "const mega = 'x'.repeat(1 << 20); for (let i = 0; i < 1024; i++) console.log(mega);
                 for (let i = 0; i < 20_000; i++) console.log('0123456789'); return ''";
    let guest = sandbox.load::<dyn Probe>(script(flood)).unwrap();
    guest.probe().unwrap();
    let (bill, output) = (sandbox.usage().last, sandbox.take_console());
    let kept = output.lines.iter().map(|line| line.text.len()).sum::<usize>();
    assert!((9_980..=10_000).contains(&kept), "{kept}");
    assert_eq!(output.lines.len() as u64 + output.dropped, 21_024);
    assert_eq!((bill.console_bytes, bill.console_dropped), (kept as u64, output.dropped));
    // The next call may write again, and lines of no text have an end, too.
    let empty = sandbox
        .load::<dyn Probe>(script("for (let i = 0; i < 20_000; i++) console.log(); return ''"))
        .unwrap();
    empty.probe().unwrap();
    let output = sandbox.take_console();
    assert_eq!((output.lines.len(), output.dropped), (10_000, 10_000));
}

#[test]
fn a_sink_gets_the_lines_and_may_panic() {
    let lines = Arc::new(Mutex::new(Vec::<ConsoleLine>::new()));
    let kept = lines.clone();
    let console = Console::sink(move |line| {
        assert!(line.text != "panic", "the sink panics");
        kept.lock().unwrap().push(line);
    });
    let code = "console.log('one'); console.log('panic'); console.error('two'); return 'went on'";
    assert_eq!(probe(builder().console(console), code).unwrap(), "went on");
    let texts = lines.lock().unwrap().iter().map(|line| line.text.clone()).collect::<Vec<_>>();
    assert_eq!(texts, ["one", "two"]);
}

#[test]
fn a_console_runs_getters_inside_of_the_limits() {
    let limits = Limits { wall: Duration::from_millis(100), ..Limits::default() };
    let sandbox = builder().limits(limits).console(Console::Capture).build().unwrap();
    let endless = "console.log({ get x() { for (;;) {} } }); return ''";
    let outcome = again(|| sandbox.load::<dyn Probe>(script(endless))).unwrap().probe();
    assert!(matches!(outcome, Err(Error::Limit { .. })), "{outcome:?}");
    let body = "console.log('next'); return 'next'";
    let next = again(|| sandbox.load::<dyn Probe>(script(body))).unwrap();
    assert_eq!(again(|| next.probe()).unwrap(), "next");
    let deep = "return (function f() { console.log(f.name); return f(); })()";
    let outcome = again(|| sandbox.load::<dyn Probe>(script(deep))).unwrap().probe();
    assert!(matches!(outcome, Err(Error::Limit { .. })), "{outcome:?}");
}

// ---------------------------------------------------------------------------------------------------------
// Clock and random numbers

/// 2001-09-09T01:46:40Z.
fn then() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_000_000_000)
}

/// Every way to ask for the time.
const CLOCKS: &str = "
    const text = (date) => new Intl.DateTimeFormat('en', { dateStyle: 'short', timeStyle: 'medium', timeZone: 'UTC' }).format(date);
    const seen = [Date.now(), +new Date(), +Reflect.construct(Date, []), +new (class extends Date {})(), Date.parse(Date() )];
    seen.push(+new (new Date().constructor)());
    if (hasIntl) {
        seen.push(text() === text(Date.now()) ? Date.now() : text());
        const f = new Intl.DateTimeFormat('en', { timeZone: 'UTC', timeStyle: 'medium' });
        const parts = (list) => list.map((part) => part.value).join('');
        seen.push(parts(f.formatToParts()) === parts(f.formatToParts(Date.now())) ? Date.now() : 'parts');
        seen.push(f.format === f.format ? Date.now() : 'format is made anew');
    }
    const strays = ['performance', 'Temporal', 'setTimeout'].filter((name) => name in globalThis);";

#[test]
fn a_frozen_clock_shows_one_time_wherever_it_is_asked() {
    // The other engine has hardly any `Intl`.
    let has_intl = Engine::CURRENT == Engine::V8;
    let body = format!("const hasIntl = {has_intl}; {CLOCKS} return [...new Set(seen), ...strays].join(' ')");
    assert_eq!(probe(builder().clock(Clock::Frozen(then())), &body).unwrap(), "1000000000000");
}

#[test]
fn a_clock_stands_still_inside_of_a_call_and_a_virtual_one_goes_on_when_the_host_says_so() {
    let clock = VirtualClock::new(then());
    let sandbox = builder().clock(Clock::Virtual(clock.clone())).build().unwrap();
    let wait =
        "const first = Date.now(); for (let i = 0; i < 1e6; i++); return `${first} ${Date.now() - first}`";
    let guest = sandbox.load::<dyn Probe>(script(wait)).unwrap();
    assert_eq!(guest.probe().unwrap(), "1000000000000 0");
    clock.advance(Duration::from_millis(1500));
    assert_eq!(guest.probe().unwrap(), "1000000001500 0");
    clock.set(UNIX_EPOCH - Duration::from_secs(1));
    assert_eq!(guest.probe().unwrap(), "-1000 0");
}

#[test]
fn a_coarse_clock_has_steps() {
    let sandbox = builder().clock(Clock::Coarse).build().unwrap();
    let guest = sandbox.load::<dyn Probe>(script("return String(Date.now())")).unwrap();
    let millis = |text: String| text.parse::<u128>().unwrap();
    let before = UNIX_EPOCH.elapsed().unwrap().as_millis();
    let (shown, after) = (millis(guest.probe().unwrap()), UNIX_EPOCH.elapsed().unwrap().as_millis());
    assert_eq!(shown % 100, 0);
    assert!((before - 100..=after).contains(&shown), "{before} {shown} {after}");
}

#[test]
fn another_clock_leaves_dates_as_they_are() {
    let body = "
        class Day extends Date { get tag() { return 'day'; } }
        const day = new Day(2020, 1, 29);
        const facts = [
            Date.name, Date.length, Date.prototype.constructor === Date, new Date(5) instanceof Date, day instanceof Day, day.tag,
            Object.prototype.toString.call(new Date()), typeof Date(), new Date('2020-01-01T00:00:00Z').getTime(), Date.UTC(2000, 0),
            new Date(2000, 0, 1, 12).getHours(), new Date(undefined).getTime(), new Date(new Date(7)).getTime(), Date.parse('1970'),
            Object.getOwnPropertyDescriptor(globalThis, 'Date').enumerable, Object.keys(Date).length, Reflect.ownKeys(Date).length,
            Object.getOwnPropertyNames(Date).map((name) => Object.getOwnPropertyDescriptor(Date, name).writable).join(),
        ];
        try { Date.prototype.getTime.call({}); } catch (error) { facts.push(error.name); }
        return facts.join(' ')";
    let real = probe(builder(), body).unwrap();
    assert_eq!(probe(builder().clock(Clock::Frozen(then())), body).unwrap(), real);
}

#[test]
fn a_poisoned_realm_does_not_move_another_clock() {
    let body = "
        Reflect.construct = Reflect.apply = () => 0;
        Date.prototype.toString = () => 'mine';
        Array.prototype[Symbol.iterator] = Array.prototype.push = () => { throw 1; };
        Object.defineProperty(Object.prototype, 'get', { get() { throw 2; } });
        return [Date.now(), +new Date(), Date().slice(0, 15)].map(String).join()";
    // `map` and `join` are as they were.
    assert_eq!(
        probe(builder().clock(Clock::Frozen(then())), body).unwrap(),
        "1000000000000,1000000000000,Sun Sep 09 2001"
    );
}

#[test]
fn seeded_numbers_are_the_same_in_every_sandbox() {
    let body = "return Array.from({ length: 5 }, Math.random).join()";
    let run = |random| probe(builder().random(random), body).unwrap();
    let one = run(Random::Seeded(1));
    assert_eq!(run(Random::Seeded(1)), one);
    assert_ne!(run(Random::Seeded(2)), one);
    assert_ne!(run(Random::Real), run(Random::Real));
    let sandbox = builder().random(Random::Seeded(1)).build().unwrap();
    let guest = sandbox.load::<dyn Probe>(script(body)).unwrap();
    assert_eq!(guest.probe().unwrap(), one);
    assert_ne!(guest.probe().unwrap(), one, "they go on");
    sandbox.reset().unwrap();
    assert_eq!(sandbox.load::<dyn Probe>(script(body)).unwrap().probe().unwrap(), one);
    let range = "let [low, high, sum] = [1, 0, 0]; for (let i = 0; i < 1e5; i++) { const x = Math.random();
                 low = Math.min(low, x); high = Math.max(high, x); sum += x; }
                 return String(low >= 0 && low < 0.001 && high < 1 && high > 0.999 && Math.abs(sum / 1e5 - 0.5) < 0.01)";
    assert_eq!(probe(builder().random(Random::Seeded(7)), range).unwrap(), "true");
}

// ---------------------------------------------------------------------------------------------------------
// Locale and time zone

/// Run once more with another environment by the test below.
#[test]
fn locale_and_time_zone_are_fixed() {
    if Engine::CURRENT == Engine::QuickJs {
        // It has the time zone of the system, and hardly any `Intl`.
        return;
    }
    let body = "const { locale, timeZone } = new Intl.DateTimeFormat().resolvedOptions();
                return [locale, timeZone, new Date(0).getTimezoneOffset(), new Date(0).getHours(), (1234.5).toLocaleString(),
                    new Date(0).toLocaleString()].join('|')";
    // Which space stands before AM is a matter of the data.
    let shown = probe(builder(), body).unwrap().replace('\u{202f}', " ");
    assert_eq!(shown, "en-US|UTC|0|0|1,234.5|1/1/1970, 12:00:00 AM");
}

#[test]
fn the_environment_changes_neither_locale_nor_time_zone() {
    let again = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "locale_and_time_zone_are_fixed"])
        .envs([("TZ", "Asia/Tokyo"), ("LANG", "de_DE.UTF-8"), ("LC_ALL", "de_DE.UTF-8"), ("LANGUAGE", "de")])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&again.stdout);
    assert!(again.status.success() && said.contains("1 passed"), "{said}");
}

// ---------------------------------------------------------------------------------------------------------
// Frozen intrinsics

fn frozen() -> Builder {
    builder().intrinsics(Intrinsics::Frozen)
}

#[test]
fn all_settings_go_together() {
    let all = frozen().clock(Clock::Frozen(then())).random(Random::Seeded(3)).console(Console::Capture);
    let body = "console.log('x'); return [Date.now(), Math.random() < 1, Tool.echo('y'), Object.isFrozen(console), Object.isFrozen(Date)].join()";
    assert_eq!(probe(all, body).unwrap(), "1000000000000,true,y,true,true");
}

// ---------------------------------------------------------------------------------------------------------
// Permissions

const TRIES: [&str; 8] = [
    "eval('1')",
    "(0, eval)('1')",
    "Function('return 1')()",
    "new Function('return 1')()",
    "(() => {}).constructor('return 1')()",
    "new (async () => {}).constructor('return 1')()",
    "new (function* () {}).constructor('yield 1')()",
    "new (async function* () {}).constructor('yield 1')()",
];

#[test]
fn code_from_text_is_by_permission() {
    for attempt in TRIES {
        let body = format!("try {{ {attempt}; return 'ran'; }} catch (error) {{ return error.name; }}");
        assert_eq!(probe(builder(), &body).unwrap(), "EvalError", "{attempt}");
        assert_eq!(probe(builder().allow(Permission::Eval), &body).unwrap(), "ran", "{attempt}");
    }
    let limits = Limits { wall: Duration::from_millis(100), ..Limits::default() };
    let endless = probe(builder().limits(limits).allow(Permission::Eval), "return eval('for (;;) {}')");
    assert!(matches!(endless, Err(Error::Limit { .. })), "{endless:?}");
}

#[test]
fn webassembly_is_by_permission() {
    let add = "const bytes = Uint8Array.of(0,97,115,109,1,0,0,0,1,7,1,96,2,127,127,1,127,3,2,1,0,7,7,1,3,97,100,100,0,0,10,9,1,7,0,32,0,32,1,106,11);
               return String(new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.add(2, 3))";
    let denied = probe(builder(), add);
    assert!(
        matches!(&denied, Err(Error::Guest(error)) if error.name.as_deref() == Some("ReferenceError")),
        "{denied:?}"
    );
    let allowed = probe(builder().allow(Permission::WebAssembly), add);
    match Engine::CURRENT {
        Engine::QuickJs => assert!(matches!(allowed, Err(Error::Build { .. })), "{allowed:?}"),
        _ => assert_eq!(allowed.unwrap(), "5"),
    }
}

/// The engine's own promises of WebAssembly end in tasks of other threads, for which no call waits.
#[test]
#[cfg_attr(feature = "quickjs", ignore = "QuickJS has no WebAssembly")]
fn promises_of_webassembly_are_settled_in_the_call() {
    let body = "
        const bytes = Uint8Array.of(0,97,115,109,1,0,0,0,1,7,1,96,2,127,127,1,127,3,2,1,0,7,7,1,3,97,100,100,0,0,10,9,1,7,0,32,0,32,1,106,11);
        const module = await WebAssembly.compile(bytes);
        const all = [(await WebAssembly.instantiate(module)).exports.add(2, 3)];
        const both = await WebAssembly.instantiate(bytes);
        all.push(both.module instanceof WebAssembly.Module, both.instance.exports.add(4, 5));
        for (const wrong of [() => WebAssembly.compile(Uint8Array.of(1)), () => WebAssembly.instantiate(5), () => WebAssembly.compile()])
            all.push(await wrong().catch((error) => error.name));
        return all.join();";
    let script = Script::new("probe.mjs", format!("export async function probe() {{ {body} }}"));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for intrinsics in [Intrinsics::Open, Intrinsics::Frozen] {
        let builder = builder().allow(Permission::WebAssembly).intrinsics(intrinsics);
        let guest = builder.build().unwrap().load::<dyn Later>(script.clone()).unwrap();
        let found = runtime.block_on(guest.probe()).unwrap();
        assert_eq!(found, "5,true,9,CompileError,TypeError,TypeError", "{intrinsics:?}");
    }
}
