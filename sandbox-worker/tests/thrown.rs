//! Exceptions of guests reach the host with their parts, bounded, and alike at every site.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

#[macro_use]
mod sites;
mod slack;

use sandbox_runtime::{Error, JsValue, LimitKind, Limits, Result, Script, Thrown, sandbox_api};
use slack::long;

#[sandbox_api(guest)]
pub trait Fails {
    fn fail(&self) -> Result<String>;
}

/// The exceptions of functions with these bodies, which are equal at every site. Afterwards the sandbox goes on.
fn thrown<const N: usize>(bodies: [&str; N]) -> [Thrown; N] {
    alike!(|builder| builder.limits(long()), |sandbox| {
        let thrown = bodies.map(|body| {
            let guest = sandbox.load::<dyn Fails>(Script::body("a.js", [""; 0], body)).unwrap();
            match guest.fail() {
                Err(Error::Guest(thrown)) => *thrown,
                other => panic!("{body}: {other:?}"),
            }
        });
        let works = sandbox.load::<dyn Fails>(Script::body("b.js", [""; 0], "return 'works';")).unwrap();
        assert_eq!(works.fail().unwrap(), "works");
        thrown
    })
}

fn text(text: &str) -> JsValue {
    JsValue::String(text.into())
}

#[test]
fn own_properties_that_are_plain_data_arrive() {
    let [plain, odd, none] = thrown([
        "throw Object.assign(new RangeError('no'), { code: 'E_NO', status: 409, details: { tags: ['a'] } });",
        "throw Object.assign(new Error('no'), { f() {}, [Symbol('s')]: 1, symbol: Symbol('t'), ok: true, message: 'new', cause: 1 });",
        "throw new Error('no');",
    ]);
    let names = |thrown: &Thrown| thrown.properties.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&plain), ["code", "status", "details"]);
    assert_eq!(plain.properties[0].1, text("E_NO"));
    assert_eq!(plain.properties[1].1, JsValue::Number(409.0));
    assert_eq!((names(&odd), &*odd.message), (vec!["ok".to_owned()], "new"));
    assert_eq!(none.properties, []);
}

#[test]
fn the_errors_of_an_aggregate_arrive() {
    let [aggregate, any, lie] = thrown([
        "throw new AggregateError([new TypeError('a'), 'b', Object.assign(new Error('c'), { code: 1 })], 'all');",
        "throw Object.assign(new Error('x'), { errors: [new Error('y', { cause: new Error('z') })] });",
        "throw Object.assign(new Error('x'), { errors: { length: 1e9, 0: new Error('y') } });",
    ]);
    let told = |thrown: &Thrown| (thrown.name.clone(), thrown.message.clone());
    assert_eq!(
        aggregate.errors.iter().map(told).collect::<Vec<_>>(),
        [(Some("TypeError".into()), "a".into()), (None, "\"b\"".into()), (Some("Error".into()), "c".into()),]
    );
    assert_eq!(aggregate.errors[1].value, Some(text("b")));
    assert_eq!(aggregate.errors[2].properties, [("code".to_owned(), JsValue::Number(1.0))]);
    assert!(aggregate.to_string().contains("one of its errors: TypeError: a"), "{aggregate}");
    assert_eq!(any.errors[0].cause.as_ref().unwrap().message, "z");
    assert_eq!((lie.errors.len(), lie.properties.len()), (0, 0));
}

/// The number of errors in an exception, with itself.
fn count(thrown: &Thrown) -> usize {
    1 + thrown.cause.iter().map(|cause| count(cause)).sum::<usize>()
        + thrown.errors.iter().map(count).sum::<usize>()
}

#[test]
fn exceptions_are_bounded_in_all_their_parts() {
    let [many, cycle, tree, wide, long] = thrown([
        "throw new AggregateError(Array.from({ length: 1000 }, (_, at) => new Error(at)));",
        "const e = new AggregateError([]); e.errors = [e, e]; e.cause = e; throw e;",
        "const make = (depth) => new AggregateError(depth ? [make(depth - 1), make(depth - 1), make(depth - 1)] : []); throw make(8);",
        "const e = new Error('wide'); for (let at = 0; at < 10000; at++) e[`p${at}`] = at; throw e;",
        "throw Object.assign(new Error('long'), { text: 'x'.repeat(1e6), kept: 1, next: 'y'.repeat(60000), late: 'z'.repeat(60000) });",
    ]);
    assert_eq!(many.errors.len(), 32);
    for thrown in [&cycle, &tree] {
        assert!((10..=33 * 8).contains(&count(thrown)), "{}", count(thrown));
    }
    assert_eq!(wide.properties.len(), 16);
    let kept = long.properties.iter().map(|(name, _)| &**name).collect::<Vec<_>>();
    assert!(!kept.contains(&"text") && kept.len() < 3, "{kept:?}");
}

/// Reading an exception runs code of the guest, within the limits of the call.
#[test]
fn getters_of_an_exception_run_within_the_limits() {
    let [throws, proxy] = thrown([
        "throw Object.defineProperty(Object.assign(new Error('a'), { ok: 1 }), 'bad', { enumerable: true, get() { throw 1; } });",
        "throw new Proxy(new Error('a'), { get() { throw 1; }, ownKeys() { throw 2; } });",
    ]);
    assert_eq!((&*throws.message, proxy.name), ("a", None));
    let limits = Limits { wall: std::time::Duration::from_millis(300), ..long() };
    let outcomes = alike!(|builder| builder.limits(limits), |sandbox| {
        let endless = [
            "throw Object.defineProperty(new Error('a'), 'code', { enumerable: true, get() { for (;;); } });",
            "throw Object.defineProperty(new AggregateError([]), 'errors', { get() { for (;;); } });",
        ];
        endless.map(|body| {
            let guest = sandbox.load::<dyn Fails>(Script::body("a.js", [""; 0], body)).unwrap();
            let ended = matches!(guest.fail(), Err(Error::Limit { kind: LimitKind::Wall, .. }));
            sandbox.reset().unwrap();
            ended
        })
    });
    assert_eq!(outcomes, [true, true]);
}
