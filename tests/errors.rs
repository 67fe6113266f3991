//! Errors across the boundary: what the host gets of what a guest throws, what a guest sees of an error of the host, and
//! errors of the host that come back as themselves.

use std::time::{Duration, Instant};

use sandbox_runtime::{
    Error, GuestError, HostPanic, JsValue, LimitKind, Limits, LocalSandbox, Result, Sandbox, Script, Thrown,
    sandbox_api,
};
use slack::{again, is_in_time, long};

mod slack;

// ---------------------------------------------------------------------------------------------------------
// What a guest throws

#[sandbox_api(guest)]
pub trait Job {
    fn run(&self) -> Result<f64>;
}

fn job(body: &str) -> impl Job {
    let script = format!("export const run = () => {{\n{body}\n}};");
    LocalSandbox::builder()
        .limits(long())
        .build()
        .unwrap()
        .load::<dyn Job>(Script::new("job.js", script))
        .unwrap()
}

fn thrown(body: &str) -> Thrown {
    match job(body).run() {
        Err(Error::Guest(thrown)) => *thrown,
        other => panic!("{body}: {other:?}"),
    }
}

/// Each name that is looked at runs a getter, so the getters count the names.
#[test]
fn the_names_of_all_errors_of_an_exception_are_bounded_together() {
    #[sandbox_api(guest)]
    trait Many {
        fn run(&self) -> Result<f64>;
        fn count(&self) -> Result<f64>;
    }
    let script = "let looked = 0;
        const error = new Error('many');
        for (let index = 0; index < 700; index += 1) {
            const get = () => { looked += 1; return () => index; };
            Object.defineProperty(error, 'p' + index, { enumerable: true, get });
        }
        const shown = Object.assign(new Error('shown'), { code: 1 });
        export const run = () => { throw new AggregateError([shown, ...Array(31).fill(error)], '', { cause: error }); };
        export const count = () => looked;";
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let many = sandbox.load::<dyn Many>(Script::new("many.js", script)).unwrap();
    let Err(Error::Guest(thrown)) = many.run() else { panic!("the guest threw") };
    assert_eq!((thrown.errors.len(), thrown.cause.is_some()), (32, true));
    let count = many.count().unwrap();
    assert!((700.0..=1000.0).contains(&count), "{count}");
}

/// Reading ends with the limit: otherwise the host's thread collects millions of names.
#[test]
fn an_exception_that_takes_long_to_read_ends_with_the_limit() {
    let sandbox = LocalSandbox::builder()
        .limits(Limits { wall: Duration::from_millis(300), ..long() })
        .build()
        .unwrap();
    let guest = sandbox
        .load::<dyn Job>(Script::new(
            "job.js",
            "const error = new Error('many');
             for (let index = 0; index < 20_000; index += 1) error['p' + index] = () => index;
             error.cause = error;
             export const run = () => { throw new AggregateError(Array(32).fill(error)); };",
        ))
        .unwrap();
    let error = guest.run().unwrap_err();
    assert!(matches!(error, Error::Guest(_) | Error::Limit { kind: LimitKind::Wall, .. }), "{error:?}");
}

#[test]
fn causes_are_told_one_by_one() {
    let error = thrown(
        "const inner = new TypeError('no price', { cause: 'the file' });
         throw new Error('no total', { cause: inner });",
    );
    assert_eq!((error.name.as_deref(), error.message.as_str()), (Some("Error"), "no total"));
    assert_eq!((error.stack[0].file.as_str(), error.stack[0].line), ("job.js", 3));
    assert_eq!(error.place.as_ref().unwrap().to_string(), "Job.run");
    let cause = error.cause.as_deref().unwrap();
    assert_eq!((cause.name.as_deref(), cause.message.as_str()), (Some("TypeError"), "no price"));
    assert_eq!((cause.stack[0].file.as_str(), cause.stack[0].line), ("job.js", 2));
    let root = cause.cause.as_deref().unwrap();
    assert_eq!(
        (root.name.as_deref(), root.value.as_ref()),
        (None, Some(&JsValue::String("the file".into())))
    );
    assert!(root.cause.is_none());
    let text = error.to_string();
    assert!(text.contains("Job.run: Error: no total\n    at run (job.js:3:"), "{text}");
    assert!(text.ends_with("\n  caused by threw \"the file\""), "{text}");
    let source = std::error::Error::source(&error).unwrap();
    assert!(source.to_string().starts_with("TypeError: no price"));
}

#[test]
fn a_value_that_is_no_error_is_kept() {
    let table = [
        ("throw 5", JsValue::Number(5.0)),
        ("throw null", JsValue::Null),
        ("throw undefined", JsValue::Undefined),
        ("throw -5n", JsValue::BigInt { negative: true, magnitude: 5 }),
        (
            "throw { code: 7, at: [new Date(1)] }",
            JsValue::Object(vec![
                ("code".into(), JsValue::Number(7.0)),
                ("at".into(), JsValue::Array(vec![JsValue::Date(1.0)])),
            ]),
        ),
    ];
    for (body, expected) in table {
        let error = thrown(body);
        assert_eq!((error.name.as_deref(), error.value.as_ref()), (None, Some(&expected)), "{body}");
        assert_eq!(error.message, expected.describe(), "{body}");
    }
    for body in ["throw () => 1", "throw Symbol('a')", "throw new Proxy({}, {})", "throw new Array(1e6)"] {
        assert_eq!(thrown(body).value, None, "{body}");
    }
}

#[test]
fn what_is_thrown_is_bounded() {
    let endless = thrown("const e = new Error('a'); e.cause = e; throw e;");
    let chain = std::iter::successors(Some(&endless), |error| error.cause.as_deref());
    assert_eq!(chain.count(), 8);
    let long = thrown("throw Object.assign(new Error('x'.repeat(60000)), { name: 'y'.repeat(60000) })");
    assert_eq!((long.message.chars().count(), long.name.unwrap().chars().count()), (4097, 257));
    let huge = thrown("throw new Error('x'.repeat(2 ** 24))");
    assert_eq!(huge.message, "… 16777216 characters …");
    let deep = thrown("const f = (n) => { if (!n) throw new Error('deep'); f(n - 1); }; f(500);");
    assert_eq!(deep.stack.len(), 10, "V8's own limit on a stack");
    let wide = thrown("throw Array.from({ length: 2000 }, () => 'x')");
    assert_eq!(wide.value, None);
}

/// Rows 8 and 9 of what must hold against a hostile guest.
#[test]
fn reading_what_was_thrown_ends_with_the_call() {
    let loops = [
        "throw { get message() { for (;;); } }",
        "throw Object.defineProperty(new Error('a'), 'message', { get() { for (;;); } })",
        "throw Object.defineProperty(new Error('a'), 'name', { get() { for (;;); } })",
        "throw Object.defineProperty(new Error('a'), 'cause', { get() { for (;;); } })",
        "throw new Error('a', { cause: { get a() { for (;;); } } })",
        "Error.prepareStackTrace = () => { for (;;); }; for (;;);",
    ];
    let limits = Limits { wall: Duration::from_millis(100), ..Limits::default() };
    for body in loops {
        let sandbox = LocalSandbox::builder().limits(limits).build().unwrap();
        let script = format!(
            "let has_run = false; export const run = () => {{ if (has_run) return 2; has_run = true; {body} }};"
        );
        let job = again(|| sandbox.load::<dyn Job>(Script::new("job.js", script.clone()))).unwrap();
        let start = Instant::now();
        let ended = job.run();
        assert!(matches!(ended, Err(Error::Limit { kind: LimitKind::Wall, .. })), "{body}: {ended:?}");
        assert!(is_in_time(start.elapsed(), Duration::from_secs(2)), "{body} took {:?}", start.elapsed());
        assert_eq!(again(|| job.run()).unwrap(), 2.0, "the next call works");
    }
}

#[test]
fn a_getter_that_throws_while_an_error_is_read_is_as_good_as_none() {
    let error = thrown(
        "throw Object.defineProperties(new Error('a'), { cause: { get() { throw 1; } }, message: { get() { throw 2; } } })",
    );
    assert_eq!((error.name.as_deref(), error.message.as_str(), error.cause), (Some("Error"), "", None));
}

// ---------------------------------------------------------------------------------------------------------
// What a guest sees of an error of the host

#[derive(Debug, thiserror::Error, GuestError)]
pub enum StoreError {
    #[error("no product {sku} in shard {shard}")]
    #[guest(class = "RangeError", message = "no such product: {sku}")]
    NotFound {
        #[guest]
        sku: String,
        #[guest(rename = "retryAfter")]
        wait: u64,
        shard: u32,
    },
    #[guest(class = "QuotaError")]
    #[error("the quota is used up")]
    Quota,
    #[error("database: password=CANARY")]
    Database,
    /// The sandbox itself failed.
    #[error(transparent)]
    Sandbox(#[from] Error),
}

#[sandbox_api]
pub trait Store {
    fn find(&self, sku: &str) -> Result<f64, StoreError>;
    fn count(&self, sku: &str) -> Result<u32, StoreError>;
}

/// By their texts: an error of the runtime cannot be compared.
impl PartialEq for StoreError {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

fn not_found(sku: &str) -> StoreError {
    StoreError::NotFound { sku: sku.to_owned(), wait: 3, shard: 7 }
}

struct Shelf;
impl Store for Shelf {
    fn find(&self, sku: &str) -> Result<f64, StoreError> {
        match sku {
            "quota" => Err(StoreError::Quota),
            "database" => Err(StoreError::Database),
            "panic" => panic!("CANARY"),
            _ => Err(not_found(sku)),
        }
    }
    fn count(&self, sku: &str) -> Result<u32, StoreError> {
        self.find(sku).map(|_| 1)
    }
}

#[sandbox_api(guest)]
pub trait Look {
    fn look(&self) -> Result<String>;
}

/// What an expression gives inside of a guest, where `e` is what a call of the store threw.
fn seen(sku: &str, expression: &str) -> String {
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Store>(Shelf).build().unwrap();
    let script = format!(
        "export const look = () => {{ try {{ Store.find('{sku}'); }} catch (e) {{ return String({expression}); }} }};"
    );
    sandbox.load::<dyn Look>(Script::new("look.js", script)).unwrap().look().unwrap()
}

#[test]
fn a_guest_sees_what_is_declared_and_nothing_else() {
    let table = [
        ("A", "e instanceof RangeError && Object.getPrototypeOf(e) === RangeError.prototype", "true"),
        ("A", "e.message", "no such product: A"),
        ("A", "JSON.stringify(Object.keys(e))", "[\"sku\",\"retryAfter\"]"),
        ("A", "[e.sku, typeof e.retryAfter, e.retryAfter, e.shard]", "A,bigint,3,"),
        ("A", "e.stack.split('\\n')[1].trim().startsWith('at look (look.js:1:')", "true"),
        ("quota", "[e instanceof Error, e.name, e.message]", "true,QuotaError,the quota is used up"),
        ("quota", "JSON.stringify(Object.keys(e))", "[]"),
        ("database", "Object.keys(e).length", "0"),
        ("database", "/^Store.find failed \\(reference E[0-9a-f]{16}\\)$/.test(e.message)", "true"),
        ("panic", "/^Store.find failed \\(reference E[0-9a-f]{16}\\)$/.test(e.message)", "true"),
        (
            "database",
            "[...Object.getOwnPropertyNames(e)].map((name) => String(e[name])).join().includes('CANARY')",
            "false",
        ),
        (
            "panic",
            "[...Object.getOwnPropertyNames(e)].map((name) => String(e[name])).join().includes('CANARY')",
            "false",
        ),
    ];
    for (sku, expression, expected) in table {
        assert_eq!(seen(sku, expression), expected, "{sku}: {expression}");
    }
}

// ---------------------------------------------------------------------------------------------------------
// Errors of the host that come back

const PASSING: &str = "
    export const find = (sku) => Store.find(sku);
    export const count = (sku) => { try { return Store.count(sku); } catch (e) { throw e; } };
";

#[test]
fn an_error_that_the_guest_lets_pass_is_the_hosts_own_again() {
    let local = LocalSandbox::builder().limits(long()).host::<dyn Store>(Shelf).build().unwrap();
    let store = local.load::<dyn Store>(Script::new("store.js", PASSING)).unwrap();
    for error in [store.find("A").unwrap_err(), store.count("A").unwrap_err()] {
        assert_eq!(error, not_found("A"));
    }
    // Hidden from the guest, and yet it passes.
    assert_eq!(store.find("database"), Err(StoreError::Database));
    let remote = Sandbox::builder().limits(long()).host::<dyn Store>(Shelf).build().unwrap();
    let store = remote.load::<dyn Store>(Script::new("store.js", PASSING)).unwrap();
    assert_eq!(store.find("A"), Err(not_found("A")));
    assert_eq!(store.count("quota"), Err(StoreError::Quota));
}

fn outcome(body: &str) -> Result<f64, Error> {
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Store>(Shelf).build().unwrap();
    let script = format!("let kept; export const run = () => {{ {body} }};");
    sandbox.load::<dyn Job>(Script::new("job.js", script)).unwrap().run()
}

#[test]
fn the_hosts_error_is_found_behind_the_guests() {
    let wrapped = outcome("try { Store.find('A'); } catch (cause) { throw new Error('mine', { cause }); }")
        .unwrap_err();
    assert_eq!(wrapped.host_error::<StoreError>(), Some(&not_found("A")));
    let Error::Guest(thrown) = &wrapped else { panic!("{wrapped}") };
    assert_eq!(
        (thrown.message.as_str(), thrown.cause.as_ref().unwrap().message.as_str()),
        ("mine", "no such product: A")
    );
    assert_eq!(wrapped.host_error::<HostPanic>(), None);
    let panicked = outcome("Store.find('panic')").unwrap_err();
    assert!(panicked.host_error::<HostPanic>().is_some(), "{panicked}");
    let copied =
        outcome("try { Store.find('A'); } catch (e) { throw Object.assign(new RangeError(e.message), e); }");
    assert_eq!(copied.unwrap_err().host_error::<StoreError>(), None, "a forgery is not the host's error");
    let remembered = outcome(
        "for (let i = 0; i < 100; i++) try { Store.find('A'); } catch (e) { kept ??= e; } throw kept;",
    );
    assert_eq!(remembered.unwrap_err().host_error::<StoreError>(), None, "only the last ones are kept");
}

#[test]
fn an_error_of_an_earlier_call_is_the_guests_affair() {
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Store>(Shelf).build().unwrap();
    let script = "let kept; export const run = () => { if (kept) throw kept; try { Store.find('A'); } catch (e) { kept = e; } return 1; };";
    let job = sandbox.load::<dyn Job>(Script::new("job.js", script)).unwrap();
    assert_eq!(job.run().unwrap(), 1.0);
    let error = job.run().unwrap_err();
    assert_eq!(error.host_error::<StoreError>(), None);
    assert!(
        matches!(&error, Error::Guest(thrown) if thrown.name.as_deref() == Some("RangeError")),
        "{error}"
    );
}

/// An error that cannot be sent is shown to the guest all the same; only its way back is closed.
#[derive(Debug, thiserror::Error, GuestError)]
#[guest]
#[error("held by {0}")]
pub struct Local(std::rc::Rc<str>);

#[sandbox_api(host)]
pub trait Held {
    fn held(&self) -> Result<f64, Local>;
}

impl Held for () {
    fn held(&self) -> Result<f64, Local> {
        Err(Local("Ada".into()))
    }
}

#[test]
fn an_error_that_cannot_be_sent_is_shown_and_not_kept() {
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Held>(()).build().unwrap();
    let job =
        sandbox.load::<dyn Job>(Script::new("job.js", "export const run = () => Held.held();")).unwrap();
    let error = job.run().unwrap_err();
    assert!(matches!(&error, Error::Guest(thrown) if thrown.message == "held by Ada"), "{error}");
    assert!(error.host_error::<Local>().is_none());
}

// ---------------------------------------------------------------------------------------------------------
// Destructors of the host, which run when an error is forgotten

thread_local! {
    static GUEST: std::cell::RefCell<Option<std::rc::Rc<dyn Endless>>> = const { std::cell::RefCell::new(None) };
}

#[sandbox_api(guest)]
pub trait Endless {
    fn run(&self, kind: u8) -> Result<u32>;
    fn hang(&self) -> Result<()>;
    fn caught(&self) -> Result<u32>;
}

/// What its destructor does: it panics, or calls the guest.
#[derive(Debug, thiserror::Error)]
#[error("dropped")]
pub struct Dropped(u8);

impl Drop for Dropped {
    fn drop(&mut self) {
        let guest = GUEST.with_borrow(Clone::clone);
        match (self.0, guest) {
            (0, _) if !std::thread::panicking() => panic!("in a destructor"),
            (1, Some(guest)) => assert_eq!(guest.caught().unwrap(), 1),
            (2, Some(guest)) => {
                let hung = guest.hang();
                assert!(matches!(hung, Err(Error::Limit { kind: LimitKind::Wall, .. })), "{hung:?}");
            }
            _ => {}
        }
    }
}

#[sandbox_api(host)]
pub trait Dropping {
    fn fail(&self, kind: u8) -> Result<u32, Dropped>;
}

impl Dropping for () {
    fn fail(&self, kind: u8) -> Result<u32, Dropped> {
        Err(Dropped(kind))
    }
}

#[test]
fn a_destructor_of_a_hosts_error_may_panic_or_call_the_guest() {
    let source = "
        export const run = (kind) => { let n = 0; for (let i = 0; i < 40; i++) try { Dropping.fail(kind); } catch { n++; } return n; };
        export const caught = () => { try { Dropping.fail(9); } catch { return 1; } };
        export const hang = () => { for (;;); };
    ";
    let limits = Limits { wall: Duration::from_millis(300), ..Limits::default() };
    let sandbox = LocalSandbox::builder().limits(limits).host::<dyn Dropping>(()).build().unwrap();
    let guest = again(|| sandbox.load::<dyn Endless>(Script::new("drop.js", source))).unwrap();
    let guest = std::rc::Rc::new(guest);
    GUEST.set(Some(guest.clone()));
    for kind in [0, 1] {
        assert_eq!(again(|| guest.run(kind)).unwrap(), 40);
    }
    // A call of the guest inside of a call shares its limit, and one that comes after it has its own.
    let start = Instant::now();
    let ended = guest.run(2);
    assert!(matches!(ended, Err(Error::Limit { kind: LimitKind::Wall, .. })), "{ended:?}");
    assert!(is_in_time(start.elapsed(), Duration::from_secs(30)), "{:?}", start.elapsed());
    GUEST.set(None);
    assert_eq!(again(|| guest.run(9)).unwrap(), 40, "the next call works");
}

// ---------------------------------------------------------------------------------------------------------
// How text of guests is shown

/// A control, a line break, a mark of direction, or a character without a width.
fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// That no text of a guest makes a line, commands a terminal or turns the text around.
fn is_shown_safely(error: &Error) {
    let own = |line: &&str| line.starts_with("    at ") || line.starts_with("  caused by ");
    for (line, at) in error.to_string().split('\n').zip(0..) {
        assert!(at == 0 || own(&line), "a line of the guest's: {line:?}");
        assert!(!line.chars().any(is_unseen), "{line:?}");
        assert!(line.len() < 10 * 3 * 4096, "{} bytes are shown", line.len());
    }
    assert!(!format!("{error:?}").chars().any(is_unseen), "{error:?}");
}

#[sandbox_api(guest)]
pub trait Told {
    fn number(&self) -> Result<f64>;
    fn record(&self) -> Result<std::collections::BTreeMap<String, std::collections::BTreeMap<String, f64>>>;
    fn level(&self) -> Result<Level>;
}

#[derive(Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Level {
    level: u8,
}

fn told(script: Script) -> Vec<Error> {
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    match sandbox.load::<dyn Told>(script) {
        Ok(told) => [told.number().map(drop), told.record().map(drop), told.level().map(drop)]
            .map(Result::unwrap_err)
            .into(),
        Err(error) => vec![error],
    }
}

proptest::proptest! {
    // A process on QuickJS makes some 270 sandboxes, and a case has a dozen.
    #![proptest_config(proptest::prelude::ProptestConfig {
        cases: if sandbox_runtime::Engine::CURRENT == sandbox_runtime::Engine::QuickJs { 6 } else { 24 },
        ..Default::default()
    })]

    #[test]
    fn no_text_of_a_guest_is_shown_as_it_is(
        text in "([a-z\n\r\t\u{1b}\u{7f}\u{85}\u{9b}\u{ad}\u{61c}\u{200b}\u{200d}\u{202e}\u{2028}\u{2066}\u{feff}\u{e0041}]|\\PC){1,40}",
    ) {
        let quoted = JsValue::String(text.clone()).to_js();
        assert!(!quoted.chars().any(is_unseen));
        let values = [
            format!("throw new Error({quoted}, {{ cause: Object.assign(new Error({quoted}), {{ name: {quoted} }}) }})"),
            format!("throw {quoted}"),
            format!("const o = {{ [{quoted}]() {{ throw new Error('a'); }} }}; o[{quoted}]()"),
            format!("return {quoted}"),
            format!("return {{ [{quoted}]: {quoted} }}"),
            format!("return {{ level: 1, [{quoted}]: {{ [{quoted}]: {quoted} }} }}"),
            format!("throw new Error({quoted}.repeat(10000))"),
        ];
        for value in values {
            let source = format!("const f = () => {{ {value} }}; export default {{ number: f, record: f, level: f }};");
            told(Script::new("a.js", source)).iter().for_each(is_shown_safely);
        }
        let scripts = [
            Script::new(text.clone(), "export const = 1;"),
            Script::new(text.clone(), "throw new Error('a');"),
            Script::new(text.clone(), format!("export default {{ number: {quoted}, record: 1 }};")),
            Script::new("a.js", format!("let a; let a; //{}\n", text.replace(is_unseen, ""))),
            Script::new("a.js", format!("let {0}; let {0};", "x".repeat(100_000))),
        ];
        for script in scripts {
            told(script).iter().for_each(is_shown_safely);
        }
        // The fields have it as it is.
        let Error::Guest(thrown) = &told(Script::new("a.js", format!("throw new Error({quoted});")))[0] else { panic!() };
        assert_eq!(thrown.message, text);
    }
}
