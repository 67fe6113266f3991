//! What guests do, under the filter.

use sandbox_runtime::{Error, LimitKind, Limits, LocalSandbox, Permission, Sandbox, Script, sandbox_api};

use super::child::say;
use super::*;

#[sandbox_api(guest)]
trait Work {
    fn work(&self, what: &str, argument: f64) -> sandbox_runtime::Result<f64>;
}

#[sandbox_api(host)]
trait Panics {
    fn panic(&self) -> f64;
}

struct Host;
impl Panics for Host {
    fn panic(&self) -> f64 {
        panic!("on purpose")
    }
}

const SOURCE: &str = r#"
    class Point { constructor(x, y) { this.x = x; this.y = y; } get length() { return Math.hypot(this.x, this.y); } }
    const hot = (n) => { let sum = 0; for (let i = 0; i < n; i++) { sum += (i * 3) % 7; } return sum; };
    const shapes = (n) => { let sum = 0; for (let i = 0; i < n; i++) { const p = new Point(i % 3, 4); sum += p.length; } return sum; };
    const deep = (n) => n === 0 ? 0 : 1 + deep(n - 1);
    const bytes = [
        0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0, 5, 3, 1, 0, 1, 7, 7, 1, 3, 97, 100, 100, 0, 0,
        10, 9, 1, 7, 0, 32, 0, 32, 1, 106, 11,
    ];
    const all = {
        hot, shapes, deep,
        garbage(n) {
            let kept = [];
            for (let i = 0; i < n; i++) { kept.push({ i, text: `text ${i}`, list: [i, i] }); if (kept.length > 5000) kept = []; }
            return n;
        },
        buffers(n) {
            let sum = 0;
            for (let i = 0; i < n; i++) { const view = new Float64Array(1 << 18); view[i] = i; sum += view[i]; }
            return sum;
        },
        text(n) {
            let text = '';
            for (let i = 0; i < n; i++) text += String.fromCharCode(97 + i % 26);
            return text.replace(/(?<a>[aeiou])(?=.)/gu, '<$<a>>').length + [...text.matchAll(/x.z/g)].length
                + text.normalize('NFD').length + JSON.stringify(JSON.parse(JSON.stringify({ text }))).length;
        },
        numbers() {
            const list = Array.from({ length: 5000 }, (_, i) => Math.sin(i));
            list.sort((a, b) => a - b);
            return Number(BigInt.asUintN(64, 3n ** 1000n) > 0n) + new Map(list.map((n) => [n, n])).size;
        },
        intl() { return new Intl.NumberFormat('de').format(1234.5).length + new Date(0).toLocaleString('fr').length; },
        date() { return Date.now() + Math.random() > 0 ? 1 : 0; },
        throws() { throw new TypeError('on purpose'); },
        forever() { for (;;) {} },
        fill() { const all = []; for (;;) all.push(new Array(1000).fill(all.length)); },
        panic() { return Panics.panic(); },
        wasm(n) {
            const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(bytes)));
            let sum = 0;
            for (let i = 0; i < n; i++) sum = exports.add(sum, 1);
            return sum;
        },
        memory(pages) {
            const memory = new WebAssembly.Memory({ initial: 1, maximum: 1000 });
            memory.grow(pages);
            return memory.buffer.byteLength;
        },
    };
    export const work = (what, argument) => all[what](argument);
"#;

fn limits() -> Limits {
    Limits { wall: Duration::from_secs(20), heap: 32 << 20, buffers: 32 << 20, ..Limits::default() }
}

const HAS_WASM: bool = cfg!(feature = "v8");

/// What must be the same with and without a filter.
fn exercise(guest: &dyn Work, scale: f64) {
    let work = |what: &str, argument: f64| guest.work(what, argument);
    let value =
        |what: &str, argument: f64| work(what, argument * scale).unwrap_or_else(|e| panic!("{what}: {e}"));
    for _ in 0..3 {
        assert!(value("hot", 2_000_000.0) > 0.0);
        assert!(value("shapes", 300_000.0) > 0.0);
    }
    assert!(value("garbage", 200_000.0) > 0.0);
    assert!(value("buffers", 100.0) > 0.0);
    assert!(value("text", 100_000.0) > 0.0);
    assert_eq!(work("numbers", 0.0).expect("numbers"), 5001.0);
    assert!(work("intl", 0.0).expect("intl") > 0.0);
    assert_eq!(work("date", 0.0).expect("date"), 1.0);
    assert!(matches!(work("throws", 0.0), Err(Error::Guest(e)) if e.message == "on purpose"));
    assert_eq!(work("deep", 1000.0).expect("deep"), 1000.0);
    let deep = work("deep", 1e6);
    assert!(matches!(deep, Err(Error::Limit { kind: LimitKind::Stack, .. })), "{deep:?}");
    assert!(work("panic", 0.0).is_err());
    if HAS_WASM {
        assert_eq!(work("wasm", 100_000.0).expect("wasm"), 100_000.0);
        assert_eq!(work("memory", 20.0).expect("memory"), 21.0 * 65536.0);
    }
}

fn local(limits: Limits) -> LocalSandbox {
    let builder = LocalSandbox::builder().limits(limits).host::<dyn Panics>(Host);
    let builder = if HAS_WASM { builder.allow(Permission::WebAssembly) } else { builder };
    builder.build().expect("a sandbox")
}

fn remote() -> Sandbox {
    let builder = Sandbox::builder().limits(limits()).host::<dyn Panics>(Host);
    let builder = if HAS_WASM { builder.allow(Permission::WebAssembly) } else { builder };
    builder.build().expect("a sandbox")
}

/// Makes a sandbox, has the process hardened to the end, and does everything with it and with new ones.
pub(super) fn run(plan: &Plan) {
    let mut report = early(plan).expect("early");
    let sandbox = local(limits());
    let guest = sandbox.load::<dyn Work>(Script::new("work.js", SOURCE)).expect("it loads");
    let guest: &dyn Work = &guest;
    assert!(guest.work("hot", 10.0).is_ok());
    // A thread, and an isolate on it: no thread can be started later.
    let remote = remote();
    late(plan, &mut report).expect("late");
    exercise(guest, 1.0);
    sandbox.reset().expect("it can be");
    let again = sandbox.load::<dyn Work>(Script::new("work.js", SOURCE)).expect("it loads");
    exercise(&again, 0.1);
    let far = remote.load::<dyn Work>(Script::new("work.js", SOURCE)).expect("it loads");
    exercise(&far, 0.1);
    drop((far, remote));
    // Another isolate on this thread.
    let short = local(Limits { wall: Duration::from_millis(100), ..limits() });
    let guest = short.load::<dyn Work>(Script::new("work.js", SOURCE)).expect("it loads");
    let endless = guest.work("forever", 0.0);
    assert!(matches!(endless, Err(Error::Limit { kind: LimitKind::Wall, .. })), "{endless:?}");
    drop((guest, short));
    let full = local(limits());
    let guest = full.load::<dyn Work>(Script::new("work.js", SOURCE)).expect("it loads");
    let filled = guest.work("fill", 0.0);
    assert!(matches!(filled, Err(Error::Limit { kind: LimitKind::Heap, .. })), "{filled:?}");
    drop((guest, full));
    say("all\n");
}
