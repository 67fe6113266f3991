//! The memory of ArrayBuffers, of each kind that ECMAScript has, is within `Limits::buffers`; and lengths that cannot be are an error
//! of the guest alone.

use std::time::Duration;

use sandbox_runtime::{
    Engine, Error, Intrinsics, LimitKind, Limits, LocalSandbox, Permission, Result, Script, sandbox_api,
};
use slack::long;

mod slack;

#[sandbox_api(guest)]
pub trait Job {
    fn run(&self) -> Result<String>;
    fn ok(&self) -> Result<String>;
}

const LIMIT: usize = 64 << 20;

/// Runs a body in open and in frozen realms, and proves that the sandbox can be called again.
fn outcomes(body: &str) -> Vec<Result<String>> {
    let limits = Limits { wall: Duration::from_secs(120), ..long() };
    [Intrinsics::Open, Intrinsics::Frozen]
        .into_iter()
        .map(|intrinsics| {
            let builder = LocalSandbox::builder().limits(limits).intrinsics(intrinsics);
            let sandbox = match Engine::CURRENT {
                Engine::V8 => builder.allow(Permission::WebAssembly),
                _ => builder,
            }
            .build()
            .unwrap();
            let source =
                format!("export const ok = () => 'ok'; export function run() {{ {body}; return 'end'; }}");
            let job = sandbox.load::<dyn Job>(Script::new("buffers.js", source)).unwrap();
            let outcome = job.run();
            assert_eq!(job.ok().unwrap(), "ok", "{body}");
            assert!(sandbox.usage().total.buffers_peak <= LIMIT as u64, "{body}");
            outcome
        })
        .collect()
}

fn assert_gives(body: &str, expected: &str) {
    for outcome in outcomes(body) {
        assert_eq!(outcome.unwrap_or_else(|error| panic!("{error}: {body}")), expected, "{body}");
    }
}

/// The expressions that make a buffer of 1 MiB which is kept.
const MADE: [&str; 9] = [
    "new ArrayBuffer(2 ** 20)",
    "new ArrayBuffer(2 ** 20, { maxByteLength: 2 ** 20 })",
    "new ArrayBuffer(0, { maxByteLength: 2 ** 20 })",
    "new (class extends ArrayBuffer {})(1, { maxByteLength: 2 ** 20 })",
    "Reflect.construct([].buffer ?? ArrayBuffer, [1, { maxByteLength: 2 ** 20 }])",
    "new (new Uint8Array(1).buffer.constructor)(1, { maxByteLength: 2 ** 20 })",
    "new ArrayBuffer(8, { maxByteLength: 2 ** 20 }).transfer(16)",
    "new ArrayBuffer(8, { maxByteLength: 2 ** 20 }).transfer(0)",
    "new ArrayBuffer(8, { maxByteLength: 2 ** 21 }).transferToFixedLength(2 ** 20)",
];

#[test]
fn buffers_that_are_kept_are_counted() {
    if Engine::CURRENT != Engine::V8 {
        return;
    }
    for made in MADE {
        let kept = format!("const kept = []; for (let n = 0; n < 200; n++) kept.push({made})");
        for outcome in outcomes(&kept) {
            assert!(
                matches!(outcome, Err(Error::Limit { kind: LimitKind::Buffers, .. })),
                "{made}: {outcome:?}"
            );
        }
        let counted = format!(
            "const kept = []; try {{ for (;;) kept.push({made}) }}
            catch (e) {{ return `${{e.name}} ${{kept.length > 50 && kept.length <= 64}}` }}"
        );
        assert_gives(&counted, "RangeError true");
    }
}

#[test]
fn buffers_that_are_dropped_are_not_counted() {
    for made in MADE {
        assert_gives(&format!("for (let n = 0; n < 500; n++) {{ {made} }}"), "end");
    }
    // One that takes more than half of the limit can be transferred as often as a guest likes.
    let transferred = "let one = new ArrayBuffer(2 ** 20, { maxByteLength: 40 * 2 ** 20 });
        for (let n = 0; n < 20; n++) one = one.transfer(2 ** 20 + n)";
    if Engine::CURRENT == Engine::V8 {
        assert_gives(transferred, "end");
    }
}

#[test]
fn growable_shared_buffers_are_counted() {
    if Engine::CURRENT != Engine::V8 {
        return;
    }
    let shared =
        "const Shared = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer.constructor;
        const kept = []; try { for (;;) kept.push(new Shared(8, { maxByteLength: 2 ** 20 })) }
        catch (e) { return `${e.name} ${kept.length > 50 && kept.length <= 64}` }";
    assert_gives(shared, "RangeError true");
}

#[test]
fn lengths_that_cannot_be_are_errors_of_the_guest() {
    let lengths = [
        "2 ** 31",
        "2 ** 36",
        "2 ** 46",
        "2 ** 47",
        "2 ** 53 - 1",
        "2 ** 53",
        "2 ** 64",
        "1e300",
        "Infinity",
    ];
    let ways = [
        "new ArrayBuffer(N)",
        "new ArrayBuffer(8, { maxByteLength: N })",
        "new ArrayBuffer(undefined, { maxByteLength: N })",
        "new ArrayBuffer(N, { maxByteLength: N })",
        "new Uint8Array(N)",
        "new Float64Array(N)",
        "new ArrayBuffer(8, { maxByteLength: 64 }).resize(N)",
        "new ArrayBuffer(8).transfer(N)",
        "new ArrayBuffer(8).transferToFixedLength(N)",
        "new ArrayBuffer(8, { maxByteLength: 64 }).transfer(N)",
        "new ArrayBuffer(8, { maxByteLength: 64 }).transferToFixedLength(N)",
        "new ArrayBuffer(8, { maxByteLength: -N })",
    ];
    for way in ways {
        let tries = lengths.map(|length| {
            let made = way.replace('N', &format!("({length})"));
            format!("try {{ {made}; seen.push('{length}') }} catch (e) {{ seen.push(e.name) }}")
        });
        let body = format!("const seen = []; {}; return [...new Set(seen)].join()", tries.join("; "));
        for outcome in outcomes(&body) {
            let seen = outcome.unwrap_or_else(|error| panic!("{error}: {body}"));
            // QuickJS takes memory by the length that a buffer has, and has an error of its own for want of memory.
            assert!(seen == "RangeError" || Engine::CURRENT != Engine::V8, "{seen}: {body}");
        }
    }
}

/// The differences from ECMAScript that a constructor of JavaScript could have.
#[test]
fn constructors_of_buffers_are_as_ecmascript_says() {
    let facts = "const seen = [];
        const is = (what, fact) => { if (!fact) seen.push(what) };
        const thrown = (run) => { try { run() } catch (e) { return e.name } };
        class Mine extends ArrayBuffer { get double() { return this.byteLength * 2 } }
        const mine = new Mine(4, { maxByteLength: 8 });
        is('subclass', mine instanceof Mine && mine.double === 8 && mine.resizable && mine.maxByteLength === 8);
        is('slice', mine.slice(1) instanceof Mine && mine.slice(1).byteLength === 3);
        is('plain slice', new ArrayBuffer(4).slice(1, 3).constructor === ArrayBuffer);
        is('constructor', new Uint8Array(2).buffer.constructor === ArrayBuffer);
        is('species', ArrayBuffer[Symbol.species] === ArrayBuffer && Mine[Symbol.species] === Mine);
        is('names', ArrayBuffer.name === 'ArrayBuffer' && ArrayBuffer.length === 1);
        is('view', ArrayBuffer.isView(new DataView(new ArrayBuffer(1))) && !ArrayBuffer.isView(mine));
        is('call', thrown(() => ArrayBuffer(8)) === 'TypeError');
        is('BigInt', thrown(() => new ArrayBuffer(8n)) === 'TypeError');
        is('BigInt option', thrown(() => new ArrayBuffer(8, { maxByteLength: 8n })) === 'TypeError');
        is('symbol', thrown(() => new ArrayBuffer(Symbol(), {})) === 'TypeError');
        is('less', thrown(() => new ArrayBuffer(8, { maxByteLength: 4 })) === 'RangeError');
        is('negative', thrown(() => new ArrayBuffer(-1, { maxByteLength: 4 })) === 'RangeError');
        is('fraction', new ArrayBuffer(-0.5, { maxByteLength: 4.9 }).maxByteLength === 4);
        is('texts', new ArrayBuffer('3', { maxByteLength: '5' }).maxByteLength === 5);
        is('no options', [1, 'a', null, undefined, true].every((o) => !new ArrayBuffer(2, o).resizable));
        is('no length', new ArrayBuffer(2, {}).resizable === false);
        is('function', new ArrayBuffer(2, Object.assign(() => {}, { maxByteLength: 4 })).resizable);
        const order = [];
        new ArrayBuffer({ valueOf() { order.push('length'); return 1 } },
            { get maxByteLength() { order.push('option'); return { valueOf() { order.push('most'); return 2 } } } });
        is('order', order.join() === 'length,option,most');
        is('order of errors', thrown(() => new ArrayBuffer(-1, { get maxByteLength() { order.push('asked') } })) === 'RangeError'
            && !order.includes('asked'));
        const grown = new ArrayBuffer(2, { maxByteLength: 4 }); new Uint8Array(grown)[1] = 7; grown.resize(4);
        const moved = grown.transfer(3);
        is('transfer', grown.detached && moved.resizable && moved.maxByteLength === 4 && new Uint8Array(moved)[1] === 7);
        is('transfer of others', thrown(() => ArrayBuffer.prototype.transfer.call({})) === 'TypeError'
            && thrown(() => grown.transfer()) === 'TypeError' && ArrayBuffer.prototype.transfer.length === 0);
        is('own target', Object.getPrototypeOf(Reflect.construct(ArrayBuffer, [1], Array)) === Array.prototype);
        is('not enumerable', !Object.keys(globalThis).includes('ArrayBuffer'));
        return seen.join()";
    assert_gives(facts, "");
}

#[test]
fn a_reset_and_a_discarded_sandbox_let_go_of_their_buffers() {
    if Engine::CURRENT != Engine::V8 {
        return;
    }
    let limits = Limits { heap: 16 << 20, ..long() };
    let sandbox = LocalSandbox::builder().limits(limits).build().unwrap();
    let source = "globalThis.kept = Array.from({ length: 60 }, () => new ArrayBuffer(8, { maxByteLength: 2 ** 20 }));
        export const ok = () => 'ok'; export function run() { const a = []; for (;;) a.push(new Array(1000).fill(1)) }";
    for _ in 0..3 {
        let job = sandbox.load::<dyn Job>(Script::new("kept.js", source)).unwrap();
        assert!(matches!(job.run(), Err(Error::Limit { kind: LimitKind::Heap, .. })));
        assert!(matches!(job.ok(), Err(Error::Discarded { .. })));
        sandbox.reset().unwrap();
    }
}
