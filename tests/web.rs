//! The names of the web against node: each row of `web/rows.txt` is an expression and what node shows for it.

use std::collections::BTreeMap;

use sandbox_runtime::{
    Cancellation, Clock, Console, Engine, Error, Intrinsics, LimitKind, Limits, LocalSandbox, Random, Result,
    Script, VirtualClock, Web, sandbox_api,
};
use slack::long;

mod slack;

#[sandbox_api(guest)]
pub trait Rows {
    async fn rows(&self) -> Result<Vec<String>>;
}

#[sandbox_api(guest)]
pub trait Probe {
    fn probe(&self) -> Result<String>;
}

#[sandbox_api(guest)]
pub trait Later {
    async fn probe(&self) -> Result<String>;
}

const BOTH: [Intrinsics; 2] = [Intrinsics::Open, Intrinsics::Frozen];

fn builder() -> sandbox_runtime::Builder<LocalSandbox> {
    LocalSandbox::builder().limits(long()).web(Web::node())
}

fn script(body: &str) -> Script {
    Script::new("probe.mjs", format!("export function probe() {{ {body} }}"))
}

fn probe(builder: sandbox_runtime::Builder<LocalSandbox>, body: &str) -> Result<String> {
    builder.build()?.load::<dyn Probe>(script(body))?.probe()
}

/// Expressions whose result is not node's, and why.
const DIFFERENCES: &str = include_str!("web/differences.txt");

#[test]
#[cfg_attr(feature = "quickjs", ignore = "QuickJS refuses the groups")]
fn each_row_is_what_node_gives() {
    let rows = include_str!("web/rows.txt").lines().map(|row| row.split_once('\t').unwrap());
    let rows = rows.collect::<Vec<_>>();
    assert!(rows.len() >= 500, "{}", rows.len());
    let expected = DIFFERENCES.lines().filter(|line| !line.starts_with('#'));
    let expected = expected.map(|line| line.split_once('\t').unwrap()).collect::<BTreeMap<_, _>>();
    let list = rows.iter().map(|(expression, _)| format!("() => ({expression}),\n")).collect::<String>();
    let show = include_str!("web/show.js");
    let source = format!(
        "{show}\nconst list = [\n{list}];\nexport async function rows() {{ const all = []; for (const row of list) all.push(await show(row)); return all; }}"
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for intrinsics in BOTH {
        let sandbox = builder().intrinsics(intrinsics).build().unwrap();
        let guest = sandbox.load::<dyn Rows>(Script::new("rows.mjs", source.as_str())).unwrap();
        let found = runtime.block_on(guest.rows()).unwrap();
        let differs = rows
            .iter()
            .zip(&found)
            .filter(|((expression, node), found)| *found != expected.get(expression).unwrap_or(node));
        let differs =
            differs.map(|((expression, node), found)| format!("{expression}\t{found}\t# node: {node}"));
        let differs = differs.collect::<Vec<_>>();
        assert!(
            differs.is_empty(),
            "{intrinsics:?}: {} of {}:\n{}",
            differs.len(),
            rows.len(),
            differs.join("\n")
        );
    }
}

/// The functions do not look up what a guest can replace.
#[test]
#[cfg_attr(feature = "quickjs", ignore = "QuickJS refuses the groups")]
fn replaced_intrinsics_change_nothing() {
    let body = r#"
        const broken = () => { throw new Error('broken'); };
        const define = Object.defineProperty, stringify = JSON.stringify;
        const typed = Object.getPrototypeOf(Uint8Array.prototype);
        const all = [
            [Array.prototype, [Symbol.iterator, 'push', 'map', 'join', 'slice', 'length_']], [Object, ['keys', 'create', 'freeze', 'defineProperty']],
            [Reflect, Reflect.ownKeys(Reflect).filter((key) => typeof key === 'string')], [Function.prototype, ['call', 'apply', 'bind', Symbol.hasInstance]],
            [Map.prototype, ['get', 'set', 'has', 'entries', Symbol.iterator]], [Set.prototype, ['add', 'has', Symbol.iterator]],
            [String.prototype, ['replace', 'split', 'toString', 'charCodeAt', Symbol.iterator]], [Promise.prototype, ['then']], [Symbol, []],
            [RegExp.prototype, ['exec', 'flags', 'source']], [Date.prototype, ['getTime', 'valueOf']], [Math, ['random', 'floor']],
            [Object.getPrototypeOf(function* () {}).prototype, []], [typed, ['set', 'subarray', 'length', 'buffer', 'byteLength', Symbol.iterator]],
            [ArrayBuffer.prototype, ['slice', 'byteLength']], [Error, ['captureStackTrace']],
        ];
        for (let j = 0; j < all.length; j++) for (let i = 0; i < all[j][1].length; i++) {
            try { define(all[j][0], all[j][1][i], { get: () => broken, configurable: true }); } catch {}
        }
        const list = Array.prototype;
        define(list, 0, { set: broken, get: broken, configurable: true });
        define(Object.prototype, 'get', { get: broken, configurable: true });
        const names = ['Object', 'Array', 'Map', 'Set', 'Uint8Array', 'ArrayBuffer', 'Promise', 'Error', 'TypeError', 'RangeError', 'String', 'Symbol', 'Date', 'RegExp'];
        for (let i = 0; i < names.length; i++) globalThis[names[i]] = undefined;
        let text = '';
        const url = new URL('/p?b=2&a=1', 'http://x');
        url.searchParams.append('c', '3'); url.searchParams.sort(); url.searchParams.delete('b');
        text += url.href + ' ' + url.searchParams.get('a');
        text += ' ' + new TextDecoder().decode(new TextEncoder().encode('hé')) + ' ' + atob(btoa('abc'));
        const shared = { x: 1 };
        const clone = structuredClone({ a: 1, b: [1, 2], m: shared, n: shared, r: /a/g });
        text += ' ' + clone.b[1] + (clone.m === clone.n);
        try { atob('!'); } catch (error) { text += ' ' + error.name; }
        const target = new EventTarget(), controller = new AbortController();
        target.addEventListener('a', { handleEvent() { text += ' told'; } }, { signal: controller.signal });
        target.dispatchEvent(new CustomEvent('a', { detail: 1 })); controller.abort(); target.dispatchEvent(new Event('a'));
        text += ' ' + controller.signal.reason.name;
        text += ' ' + typeof crypto.randomUUID() + ' ' + typeof performance.now();
        const buffer = Buffer.concat([Buffer.from('68c3a9', 'hex'), Buffer.from([33])]);
        buffer.fill('!', 3); buffer.writeUInt8(63, 3);
        const headers = new Headers({ a: '1', b: '2' });
        headers.append('a', '3'); headers.set('b', '4');
        const form = new FormData();
        form.append('x', new Blob(undefined, { type: 'T' })); form.set('y', 'z');
        const request = new Request('http://x/', { method: 'post', headers, body: form });
        text += ' ' + headers.get('A') + form.get('x').size + request.method + request.headers.get('b') + new Response('', { headers }).clone().headers.get('b');
        const port = new MessageChannel().port1;
        port.onmessage = () => {}; port.postMessage({ a: 1 });
        text += ' ' + buffer.toString() + buffer.slice(1).indexOf('?') + buffer.readUInt16BE(0) + buffer.equals(Buffer.from(buffer));
        delete list[0]; delete ({}).__proto__.get;
        return text;"#;
    let found = probe(builder(), body).unwrap();
    assert_eq!(
        found,
        "http://x/p?a=1&c=3 1 hé abc 2true InvalidCharacterError told AbortError string number 1, 30POST44 hé?226819true"
    );
}

#[test]
#[cfg_attr(feature = "quickjs", ignore = "QuickJS refuses the groups")]
fn digests_are_those_of_the_standard() {
    let body = "
        const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('');
        const data = new TextEncoder().encode('abc');
        const all = [];
        for (const name of ['SHA-1', 'sha-256', { name: 'SHA-384' }, 'SHA-512']) all.push(hex(await crypto.subtle.digest(name, data)).slice(0, 8));
        for (const wrong of [['MD5', data], ['SHA-1', 'abc'], [5, data]]) all.push(await crypto.subtle.digest(...wrong).catch((error) => error.name));
        data[0] = 0;
        return all.join(' ');";
    let script = Script::new("probe.mjs", format!("export async function probe() {{ {body} }}"));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for intrinsics in BOTH {
        let guest =
            builder().intrinsics(intrinsics).build().unwrap().load::<dyn Later>(script.clone()).unwrap();
        let found = runtime.block_on(guest.probe()).unwrap();
        assert_eq!(
            found,
            "a9993e36 ba7816bf cb00753f ddaf35a1 NotSupportedError TypeError NotSupportedError"
        );
    }
}

#[test]
#[cfg_attr(feature = "quickjs", ignore = "QuickJS refuses the groups")]
fn seeded_numbers_repeat_and_others_do_not() {
    let body =
        "return [crypto.randomUUID(), crypto.getRandomValues(new Uint8Array(9)), Math.random()].join()";
    let seeded = |seed| probe(builder().random(Random::Seeded(seed)), body).unwrap();
    assert_eq!(seeded(1), seeded(1));
    assert_ne!(seeded(1), seeded(2));
    assert_ne!(probe(builder(), body).unwrap(), probe(builder(), body).unwrap());
}

#[test]
#[cfg_attr(feature = "quickjs", ignore = "QuickJS refuses the groups")]
fn performance_reads_the_clock_of_the_sandbox() {
    let clock = VirtualClock::new(std::time::UNIX_EPOCH);
    let sandbox = builder().clock(Clock::Virtual(clock.clone())).build().unwrap();
    let guest = sandbox.load::<dyn Probe>(script("return `${performance.now()}`")).unwrap();
    assert_eq!(guest.probe().unwrap(), "0");
    clock.advance(std::time::Duration::from_millis(1500));
    assert_eq!(guest.probe().unwrap(), "1500");
    clock.set(std::time::UNIX_EPOCH);
    assert_eq!(guest.probe().unwrap(), "1500");
}

/// Each function that reads or gives much is bounded, and the sandbox goes on.
#[test]
#[cfg_attr(feature = "quickjs", ignore = "QuickJS refuses the groups")]
fn much_is_refused_with_a_range_error() {
    let limits = Limits { value_text: 1000, value_bytes: 1000, ..long() };
    let long = "const long = 'x'.repeat(1001), bytes = new Uint8Array(1001);";
    for call in [
        "atob(long)",
        "btoa(long)",
        "new URL(long)",
        "new URL('http://x').hash = long",
        "new URLSearchParams(long)",
        "new URLSearchParams().append('a', long)",
        "new TextEncoder().encode(long)",
        "new TextDecoder().decode(bytes)",
        "new TextDecoder(long)",
        "structuredClone(bytes)",
        "Buffer.from(long)",
        "Buffer.from(long, 'latin1')",
        "Buffer.from(bytes).toString('hex')",
        "Buffer.from(bytes).toJSON()",
        "Buffer.from(bytes).indexOf(long)",
        "new Headers({ a: long })",
        "new Blob([long])",
        "new Blob([bytes])",
        "new Response(long)",
        "new Request('http://x', { method: 'POST', body: bytes })",
        "new Request('http://x/' + long)",
        "new FormData().append('a', long)",
        "Buffer.alloc(2 ** 52)",
        "Buffer.from({ length: 2 ** 40 })",
    ] {
        let body = format!("{long} try {{ {call}; return 'went'; }} catch (error) {{ return error.name; }}");
        let sandbox = builder().limits(limits).build().unwrap();
        assert_eq!(
            sandbox.load::<dyn Probe>(script(&body)).unwrap().probe().unwrap(),
            "RangeError",
            "{call}"
        );
        let next = "return atob('YQ')";
        assert_eq!(sandbox.load::<dyn Probe>(script(next)).unwrap().probe().unwrap(), "a");
    }
}

#[test]
#[cfg_attr(feature = "quickjs", ignore = "QuickJS refuses the groups")]
fn bytes_that_are_given_are_counted() {
    let limits = Limits { buffers: 1 << 20, ..long() };
    for call in [
        "kept.push(new TextEncoder().encode('x'.repeat(1000)))",
        "kept.push(structuredClone(bytes))",
        "kept.push(crypto.getRandomValues(new Uint8Array(1000)))",
        "kept.push(new Blob([bytes, bytes]))",
        "kept.push(new Response(bytes))",
        "kept.push(Buffer.alloc(1000))",
        "kept.push(Buffer.from(bytes))",
        "kept.push(Buffer.concat([bytes]))",
    ] {
        let body = format!("const kept = [], bytes = new Uint8Array(1000); for (;;) {call};");
        let error = probe(builder().limits(limits), &body).unwrap_err();
        let is_refused =
            matches!(&error, Error::Guest(thrown) if thrown.name.as_deref() == Some("RangeError"));
        assert!(
            is_refused || matches!(&error, Error::Limit { kind: LimitKind::Buffers, .. }),
            "{call}: {error}"
        );
    }
}

#[test]
#[cfg_attr(feature = "quickjs", ignore = "QuickJS refuses the groups")]
fn clones_and_microtasks_end_with_the_call() {
    let limits = Limits { wall: std::time::Duration::from_millis(200), ..Limits::default() };
    for body in [
        "const wide = []; for (let i = 0; i < 1e6; i++) wide.push([i]); for (;;) structuredClone(wide);",
        "const again = () => queueMicrotask(again); again(); return ''",
    ] {
        let sandbox = builder().limits(limits).build().unwrap();
        let error = sandbox.load::<dyn Probe>(script(body)).unwrap().probe().unwrap_err();
        assert!(matches!(&error, Error::Limit { .. }), "{error}");
    }
    let deep = "let deep = 1; for (let i = 0; i < 1e5; i++) deep = [deep]; try { structuredClone(deep); return 'went'; } catch (error) { return error.name; }";
    assert_eq!(probe(builder(), deep).unwrap(), "RangeError");
}

/// At the end of the stack, a name is not made; it is there afterwards.
#[test]
#[cfg_attr(feature = "quickjs", ignore = "QuickJS refuses the groups")]
fn a_name_that_is_read_at_the_end_of_the_stack_is_there_later() {
    let body = "
        let name;
        const dive = () => { try { dive(); } catch { try { typeof URL; } catch (error) { name ??= error.name; } } };
        dive();
        return `${name} ${typeof URL} ${new URL('http://x').host}`;";
    for intrinsics in BOTH {
        let found = probe(builder().intrinsics(intrinsics), body).unwrap();
        assert!(found.ends_with(" function x"), "{found}");
    }
}

/// A signal of the host, one of the guest's own, and the class by its name are one class.
#[test]
fn signals_of_contracts_are_those_of_the_web() {
    #[sandbox_api(guest)]
    pub trait Signalled {
        async fn probe(&self, cancellation: Cancellation) -> Result<String>;
    }
    let body = "
        const own = new AbortController().signal, name = globalThis.AbortSignal;
        const all = [signal instanceof AbortSignal, signal.constructor === own.constructor, name === own.constructor];
        return all.concat(signal instanceof EventTarget, Object.getPrototypeOf(AbortSignal) === EventTarget).join();";
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for (intrinsics, first) in
        BOTH.into_iter().flat_map(|intrinsics| [(intrinsics, ""), (intrinsics, "AbortSignal;")])
    {
        let script =
            Script::new("probe.mjs", format!("{first} export async function probe(signal) {{ {body} }}"));
        let builder =
            LocalSandbox::builder().limits(long()).web(Web::EVENTS | Web::ABORT).intrinsics(intrinsics);
        let guest = builder.build().unwrap().load::<dyn Signalled>(script).unwrap();
        assert_eq!(runtime.block_on(guest.probe(Cancellation::new())).unwrap(), "true,true,true,true,true");
    }
}

/// An exception of a listener is counted, and the others run.
#[test]
fn an_exception_of_a_listener_is_counted() {
    let body = "
        const target = new EventTarget();
        let told = 0;
        target.addEventListener('a', () => { throw 1; });
        target.addEventListener('a', { handleEvent: 5 });
        target.addEventListener('a', () => { told += 1; });
        target.dispatchEvent(new Event('a'));
        return `${told}`;";
    let sandbox = LocalSandbox::builder().limits(long()).web(Web::EVENTS).build().unwrap();
    assert_eq!(sandbox.load::<dyn Probe>(script(body)).unwrap().probe().unwrap(), "1");
    assert_eq!(sandbox.usage().last.unhandled_rejections, 2);
}

/// The error of a script that needs a group names the group.
#[test]
#[cfg_attr(feature = "quickjs", ignore = "QuickJS refuses the groups")]
fn each_name_has_a_hint_that_names_its_group() {
    let names = "return Reflect.ownKeys(globalThis).filter((name) => typeof name === 'string').join()";
    let names = |builder| probe(builder, names).unwrap().split(',').map(str::to_owned).collect::<Vec<_>>();
    let bare = names(LocalSandbox::builder());
    let given = names(builder()).into_iter().filter(|name| !bare.contains(name)).collect::<Vec<_>>();
    assert!(given.len() > 25, "{given:?}");
    for name in given {
        let error = probe(LocalSandbox::builder(), &format!("return {name}")).unwrap_err().to_string();
        let (_, group) = error.split_once(".web(Web::").unwrap_or_else(|| panic!("{name}: {error}"));
        let group = group.split_once(')').unwrap().0;
        let web = Web::group(group).unwrap_or_else(|| panic!("there is no group {group}"));
        assert!(names(LocalSandbox::builder().web(web)).contains(&name), "{name} is not of {group}");
    }
}

#[test]
#[cfg(feature = "quickjs")]
fn groups_of_v8_alone_are_refused() {
    let error = builder().build().map(drop).unwrap_err();
    assert!(matches!(&error, Error::Build { reason, .. } if reason.contains("URL")), "{error}");
}

#[test]
fn a_microtask_runs_after_the_code_and_its_exception_is_counted() {
    if Engine::CURRENT == Engine::QuickJs {
        return;
    }
    let sandbox = builder().console(Console::Capture).build().unwrap();
    let body = "queueMicrotask(() => { console.log('later'); throw 1; }); console.log('now'); return ''";
    sandbox.load::<dyn Probe>(script(body)).unwrap().probe().unwrap();
    let texts = sandbox.take_console().lines.into_iter().map(|line| line.text).collect::<Vec<_>>();
    assert_eq!(texts, ["now", "later"]);
    assert_eq!(sandbox.usage().last.unhandled_rejections, 1);
}
