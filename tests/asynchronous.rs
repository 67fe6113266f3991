//! Asynchronous contracts, in both directions and on both transports.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sandbox_runtime::{
    Amount, DiscardCause, Engine, Error, LimitKind, Limits, LocalSandbox, LossReason, Phase, Result, Sandbox,
    Script, sandbox_api,
};
use slack::{LONG, again_async, long};
use tokio::sync::{Notify, Semaphore};
use tokio::task::yield_now;

mod slack;

/// What a guest does.
#[sandbox_api(guest)]
pub trait Job {
    async fn run(&self, input: &str) -> Result<String>;
}

/// What guests wait for.
#[sandbox_api(host)]
pub trait Store: Send + Sync {
    /// Answers at once.
    async fn get(&self, key: &str) -> Result<String>;
    /// Answers when the host says so.
    async fn wait(&self, key: &str) -> Result<String>;
    async fn fails(&self) -> Result<()>;
    async fn panics(&self, before: bool);
    fn now(&self) -> u32;
}

/// Counts the futures of `wait` that live.
struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count.clone())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The host, and what the test sees of it.
#[derive(Clone)]
struct Shop {
    gate: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    entered: Arc<Notify>,
}

impl Default for Shop {
    fn default() -> Self {
        Self { gate: Arc::new(Semaphore::new(0)), waiting: Arc::default(), entered: Arc::default() }
    }
}

#[sandbox_api]
impl Store for Shop {
    async fn get(&self, key: &str) -> Result<String> {
        Ok(format!("<{key}>"))
    }
    async fn wait(&self, key: &str) -> Result<String> {
        let _waiting = Waiting::new(&self.waiting);
        self.entered.notify_one();
        self.gate.acquire().await.map_err(|_| Error::public("closed"))?.forget();
        Ok(format!("({key})"))
    }
    async fn fails(&self) -> Result<()> {
        yield_now().await;
        Err(Error::public("out of order"))
    }
    async fn panics(&self, before: bool) {
        if !before {
            yield_now().await;
        }
        panic!("a secret");
    }
    fn now(&self) -> u32 {
        7
    }
}

fn script(body: &str) -> Script {
    Script::new("job.js", format!("export async function run(input) {{ {body} }}"))
}

fn limits(wall: u64) -> Limits {
    Limits { wall: Duration::from_millis(wall), ..Limits::default() }
}

fn sandbox(shop: &Shop) -> Sandbox {
    Sandbox::builder().limits(long()).host::<dyn Store>(shop.clone()).build().unwrap()
}

async fn run(body: &str) -> Result<String> {
    let shop = Shop::default();
    let remote = sandbox(&shop).load_async::<dyn Job>(script(body)).await?;
    let local = LocalSandbox::builder().limits(long()).host::<dyn Store>(shop.clone()).build()?;
    let local = local.load::<dyn Job>(script(body))?;
    shop.gate.add_permits(100);
    let here = local.run("x").await;
    let there = remote.run("x").await;
    // The reference of an opaque error is another each time.
    let told =
        |outcome: &Result<String>| format!("{outcome:?}").split("(reference").next().map(str::to_owned);
    assert_eq!(told(&here), told(&there), "both transports answer alike");
    assert_eq!(shop.waiting.load(Ordering::SeqCst), 0);
    there
}

fn thrown(outcome: Result<String>) -> String {
    match outcome {
        Err(Error::Guest(thrown)) => {
            format!("{}: {}", thrown.name.clone().unwrap_or_default(), thrown.message)
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_guest_may_give_a_value_or_a_promise() {
    for body in [
        "return input + '!';",
        "return await Store.get(input) && 'x!';",
        "await null; await Promise.resolve(); return 'x!';",
        "return new Promise((resolve) => resolve(Promise.resolve('x!')));",
        "return { then(resolve) { resolve('x!'); } };",
        "const p = Promise.resolve('x!'); p.then = () => { throw 1; }; p.constructor = null; return p;",
    ] {
        match run(body).await {
            Ok(answer) => assert_eq!(answer, "x!", "{body}"),
            Err(error) => assert!(body.contains("constructor = null"), "{body}: {error}"),
        }
    }
    let plain = Script::new("plain.js", "export const run = (input) => input + '!';");
    let sandbox = sandbox(&Shop::default());
    let job = sandbox.load_async::<dyn Job>(plain).await.unwrap();
    assert_eq!(job.run("y").await.unwrap(), "y!");
}

#[tokio::test]
async fn a_guest_waits_for_the_host() {
    assert_eq!(run("return await Store.get(input) + await Store.wait('b');").await.unwrap(), "<x>(b)");
    let all = "const all = await Promise.all(['a', 'b', 'c'].map((k) => Store.wait(k))); return all.join();";
    assert_eq!(run(all).await.unwrap(), "(a),(b),(c)");
    assert_eq!(run("return `${Store.now()} ${Store.get() instanceof Promise}`").await.unwrap(), "7 true");
    let chained =
        "let s = ''; for (let i = 0; i < 50; i++) s += await Store.get(i % 10 + ''); return s.length + '';";
    assert_eq!(run(chained).await.unwrap(), "150");
}

#[tokio::test]
async fn what_goes_wrong_is_an_error_of_the_guest_that_it_can_catch() {
    assert_eq!(thrown(run("throw new RangeError('no');").await), "RangeError: no");
    assert_eq!(thrown(run("await Store.fails();").await), "Error: out of order");
    assert_eq!(
        run("try { await Store.fails(); } catch (e) { return e.message; }").await.unwrap(),
        "out of order"
    );
    for before in [true, false] {
        let opaque = thrown(run(&format!("await Store.panics({before});")).await);
        assert!(opaque.starts_with("Error: Store.panics failed"), "{opaque}");
        assert!(!opaque.contains("secret"));
    }
    let wrong =
        run("return await Store.get(5).then(() => 'no', (e) => e.constructor === TypeError && e.message);")
            .await;
    assert_eq!(wrong.unwrap(), "Store.get → key: expected a string, got 5");
    let getter = "return await Store.get({ get length() { throw 1; } }).catch((e) => typeof e);";
    assert_eq!(run(getter).await.unwrap(), "object");
    match run("return 5;").await {
        Err(Error::Value(error)) => {
            assert_eq!(error.to_string(), "Job.run → result: expected a string, got 5")
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_hosts_own_error_comes_back() {
    #[derive(Debug, PartialEq, thiserror::Error)]
    #[error("closed on {0}")]
    struct Closed(u8);
    #[sandbox_api(host)]
    trait Door: Send + Sync {
        async fn open(&self) -> Result<(), Closed>;
    }
    struct Shut;
    #[sandbox_api]
    impl Door for Shut {
        async fn open(&self) -> Result<(), Closed> {
            yield_now().await;
            Err(Closed(3))
        }
    }
    let sandbox = Sandbox::builder().limits(long()).host::<dyn Door>(Shut).build().unwrap();
    let job = sandbox.load_async::<dyn Job>(script("await Door.open();")).await.unwrap();
    assert_eq!(job.run("").await.unwrap_err().host_error::<Closed>(), Some(&Closed(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_may_load_scripts() {
    let sandbox = sandbox(&Shop::default());
    let task = tokio::spawn(async move {
        let whole = sandbox.load_async::<dyn Job>(script("return 'a';")).await?;
        let bound = sandbox.eval_async(script("return 'b';")).await?.bind_async::<dyn Job>().await?;
        let realm = sandbox.realm_async().await?.load_async::<dyn Job>(script("return 'c';")).await?;
        Ok::<_, Error>([whole.run("").await?, bound.run("").await?, realm.run("").await?])
    });
    assert_eq!(task.await.unwrap().unwrap(), ["a", "b", "c"]);
}

#[tokio::test]
async fn many_calls_are_in_flight_and_none_waits_for_another() {
    let shop = Shop::default();
    let job = sandbox(&shop).load_async::<dyn Job>(script("return await Store.wait(input);")).await.unwrap();
    let job: Arc<dyn Job + Send + Sync> = Arc::new(job);
    let calls = (0..200).map(|n| {
        let job = job.clone();
        tokio::spawn(async move { job.run(&n.to_string()).await })
    });
    let calls = calls.collect::<Vec<_>>();
    while shop.waiting.load(Ordering::SeqCst) < 200 {
        shop.entered.notified().await;
    }
    shop.gate.add_permits(200);
    for (n, call) in calls.into_iter().enumerate() {
        assert_eq!(call.await.unwrap().unwrap(), format!("({n})"));
    }
}

#[tokio::test]
async fn calls_of_one_sandbox_may_wait_for_each_other() {
    let source = "let tell; const told = new Promise((resolve) => { tell = resolve; });
        export async function run(input) { if (input === 'tell') { tell('told'); return ''; } return await told; }";
    for is_remote in [true, false] {
        let local = LocalSandbox::builder().limits(long()).build().unwrap();
        let job: Box<dyn Job> = match is_remote {
            true => Box::new(
                sandbox(&Shop::default()).load_async::<dyn Job>(Script::new("a.js", source)).await.unwrap(),
            ),
            false => Box::new(local.load::<dyn Job>(Script::new("a.js", source)).unwrap()),
        };
        let (waits, tells) = tokio::join!(job.run("wait"), job.run("tell"));
        assert_eq!((waits.unwrap(), tells.unwrap()), ("told".into(), String::new()));
    }
}

#[tokio::test]
async fn a_promise_that_never_settles_ends_at_the_limit_and_others_go_on() {
    let shop = Shop::default();
    let source =
        "export const run = (input) => input === 'never' ? new Promise(() => {}) : Store.get(input);";
    let remote = sandbox(&shop).load_async::<dyn Job>(Script::new("a.js", source)).await.unwrap();
    let local = LocalSandbox::builder().limits(long()).host::<dyn Store>(shop).build().unwrap();
    let local = local.load::<dyn Job>(Script::new("a.js", source)).unwrap();
    let began = Instant::now();
    let soon = began + Duration::from_millis(100);
    let jobs: [(&dyn Job, &dyn Job); 2] =
        [(&remote, &remote.with_deadline(soon)), (&local, &local.with_deadline(soon))];
    for (job, short) in jobs {
        let (never, answered) = tokio::join!(short.run("never"), job.run("k"));
        assert!(matches!(never, Err(Error::Limit { kind: LimitKind::Deadline, .. })), "{never:?}");
        assert!(began.elapsed() >= Duration::from_millis(100));
        assert_eq!(answered.unwrap(), "<k>");
        assert_eq!(job.run("again").await.unwrap(), "<again>");
    }
    let sandbox = Sandbox::builder().limits(limits(50)).host::<dyn Store>(Shop::default()).build().unwrap();
    let job = again_async(async || sandbox.load_async::<dyn Job>(Script::new("a.js", source)).await).await;
    let never = job.unwrap().run("never").await;
    assert!(matches!(never, Err(Error::Limit { kind: LimitKind::Wall, .. })), "{never:?}");
}

#[tokio::test]
async fn a_loop_after_an_await_is_ended_and_takes_nobody_with_it() {
    // The checks of an engine may fall on each call of a chain's pattern in turn, so calls before the chain move them.
    let chains = (0..6).map(|calls| {
        format!(
            "const nothing = () => {{}}; for (let i = 0; i < {calls}; i++) nothing();
             const spin = () => Promise.resolve().then(spin); return spin();"
        )
    });
    let bodies = [
        "await null; for (;;) {}",
        "await Store.get('a'); for (;;) {}",
        "for (;;) await null;",
        "return { get then() { for (;;) {} } };",
        "throw { toString() { return ''; }, get message() { for (;;) {} } };",
    ];
    for body in bodies.map(str::to_owned).into_iter().chain(chains) {
        let shop = Shop::default();
        let sandbox = Sandbox::builder().limits(limits(60)).host::<dyn Store>(shop.clone()).build().unwrap();
        let script = script(&format!("if (input === 'loop') {{ {body} }} return Store.get(input);"));
        let job = again_async(async || sandbox.load_async::<dyn Job>(script.clone()).await).await.unwrap();
        let (ended, other) = tokio::join!(job.run("loop"), job.run("k"));
        match ended {
            Err(Error::Limit { kind: LimitKind::Wall, .. }) => {}
            Err(Error::Guest(_)) if body.starts_with("throw") => {}
            other => panic!("{body}: {other:?}"),
        }
        // What waited for its turn has been waiting for its answer since it began.
        assert!(
            matches!(&other, Ok(answer) if answer == "<k>") || matches!(other, Err(Error::Limit { .. })),
            "{other:?}"
        );
        assert_eq!(again_async(async || job.run("k").await).await.unwrap(), "<k>", "{body}");
    }
}

#[tokio::test]
async fn dropping_the_future_drops_what_the_guest_waits_for() {
    let shop = Shop::default();
    let body = "if (input === 'gone') { try { return await Store.wait(input); } finally { globalThis.went = 1; } } return `${globalThis.went}`;";
    let remote = sandbox(&shop).load_async::<dyn Job>(script(body)).await.unwrap();
    let call = tokio::spawn({
        let remote = remote.clone();
        async move { remote.run("gone").await }
    });
    shop.entered.notified().await;
    assert_eq!(shop.waiting.load(Ordering::SeqCst), 1);
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    // Its turn comes after that of the call that was dropped.
    assert_eq!(remote.run("").await.unwrap(), "undefined", "the guest has stopped where it waited");
    assert_eq!(shop.waiting.load(Ordering::SeqCst), 0);

    let local = LocalSandbox::builder().limits(long()).host::<dyn Store>(shop.clone()).build().unwrap();
    let local = local.load::<dyn Job>(script(body)).unwrap();
    let mut call = local.run("gone");
    assert!(futures_once(&mut call).await.is_none());
    assert_eq!(shop.waiting.load(Ordering::SeqCst), 1);
    drop(call);
    assert_eq!(shop.waiting.load(Ordering::SeqCst), 0);
    assert_eq!(local.run("").await.unwrap(), "undefined");
}

/// Polls once.
async fn futures_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|cx| match std::pin::Pin::new(&mut *future).poll(cx) {
        std::task::Poll::Ready(done) => std::task::Poll::Ready(Some(done)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_future_stops_a_guest_that_runs() {
    #[sandbox_api(host)]
    trait Bell: Send + Sync {
        fn ring(&self);
    }
    struct Rings(Arc<Notify>);
    impl Bell for Rings {
        fn ring(&self) {
            self.0.notify_one();
        }
    }
    let rung = Arc::new(Notify::new());
    let sandbox = Sandbox::builder().limits(long()).host::<dyn Bell>(Rings(rung.clone())).build().unwrap();
    let body = "if (input === 'loop') { Bell.ring(); for (;;) {} } return input;";
    let job = sandbox.load_async::<dyn Job>(script(body)).await.unwrap();
    for _ in 0..20 {
        let call = tokio::spawn({
            let job = job.clone();
            async move { job.run("loop").await }
        });
        rung.notified().await;
        call.abort();
        let began = Instant::now();
        assert_eq!(job.run("next").await.unwrap(), "next");
        assert!(began.elapsed() < LONG / 2, "long before the limit");
    }
}

/// Also one that runs for a method of the host which the call waits for, and whose own caller is on the guest's thread.
#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_future_stops_a_guest_that_runs_inside_of_it() {
    #[sandbox_api(host)]
    trait Again: Send + Sync {
        fn ring(&self);
        async fn again(&self, depth: u32) -> Result<String>;
    }
    struct Host(Arc<Notify>, Arc<std::sync::OnceLock<JobProxy<sandbox_runtime::Remote>>>);
    #[sandbox_api]
    impl Again for Host {
        fn ring(&self) {
            self.0.notify_one();
        }
        async fn again(&self, depth: u32) -> Result<String> {
            self.1.get().unwrap().run(&depth.to_string()).await
        }
    }
    let (rung, own) = (Arc::new(Notify::new()), Arc::new(std::sync::OnceLock::new()));
    let host = Host(rung.clone(), own.clone());
    let sandbox = Sandbox::builder().limits(long()).host::<dyn Again>(host).build().unwrap();
    let body = "const depth = Number(input); if (depth > 0) return Again.again(depth - 1);
        if (depth === 0) { Again.ring(); for (;;) {} } return 'next';";
    let job = sandbox.load_async::<dyn Job>(script(body)).await.unwrap();
    assert!(own.set(job.clone()).is_ok());
    for depth in ["1", "2", "5"] {
        let call = tokio::spawn({
            let job = job.clone();
            async move { job.run(depth).await }
        });
        rung.notified().await;
        call.abort();
        let began = Instant::now();
        assert_eq!(job.run("-1").await.unwrap(), "next");
        assert!(began.elapsed() < LONG / 2, "long before the limit");
    }
}

#[tokio::test]
async fn a_promise_that_is_settled_after_its_call_runs_nothing_of_the_host() {
    let shop = Shop::default();
    // The guest keeps the promise of a call that was dropped, and another call settles what it waits for.
    let source =
        "let tell; const told = new Promise((resolve) => { tell = resolve; }); let after = 'nothing';
        export async function run(input) {
            if (input === 'wait') {
                await told;
                after = await Store.get('late').then(() => 'answered', (e) => e.message);
            }
            if (input === 'tell') { tell(); await null; await null; await null; await null; }
            return after;
        }";
    let sandbox = sandbox(&shop);
    let job = sandbox.load_async::<dyn Job>(Script::new("a.js", source)).await.unwrap();
    let mut call = Box::pin(job.run("wait"));
    assert!(futures_once(&mut call).await.is_none());
    job.run("").await.unwrap();
    drop(call);
    job.run("tell").await.unwrap();
    let after = job.run("").await.unwrap();
    match Engine::CURRENT {
        Engine::V8 => assert!(after.contains("the host does not wait for this code"), "{after}"),
        // It takes the code for that of the call that has its turn.
        _ => assert!(after == "nothing" || after == "answered", "{after}"),
    }
}

#[tokio::test]
async fn un_awaited_calls_end_with_their_call() {
    let shop = Shop::default();
    let job = sandbox(&shop)
        .load_async::<dyn Job>(script("for (let i = 0; i < 10; i++) Store.wait('x'); return 'done';"))
        .await
        .unwrap();
    assert_eq!(job.run("").await.unwrap(), "done");
    assert_eq!(shop.waiting.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn more_pending_calls_than_allowed_end_the_guest() {
    let shop = Shop::default();
    let limits = Limits { pending: 10, ..long() };
    let sandbox = Sandbox::builder().limits(limits).host::<dyn Store>(shop.clone()).build().unwrap();
    let body = "for (let i = 0; i < Number(input); i++) { try { Store.wait('x'); } catch {} } return 'done';";
    let job = sandbox.load_async::<dyn Job>(script(body)).await.unwrap();
    assert_eq!(job.run("10").await.unwrap(), "done");
    for _ in 0..3 {
        let flood = job.run("1000000").await;
        match &flood {
            Err(Error::Limit { kind: LimitKind::Pending, excess, .. }) => {
                assert_eq!(excess.limit, Some(Amount::Count(10)));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(job.run("10").await.unwrap(), "done");
    assert_eq!(shop.waiting.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn unhandled_rejections_are_counted_and_fail_nothing() {
    if Engine::CURRENT != Engine::V8 {
        return;
    }
    let sandbox = sandbox(&Shop::default());
    let cases = [
        ("Promise.reject(new Error('a')); return 'ok';", 1),
        ("(async () => { await null; throw 1; })(); return 'ok';", 1),
        ("Promise.reject(1).catch(() => {}); return 'ok';", 0),
        ("new Promise((_, reject) => reject(2)); new Promise(() => { throw 3; }); return 'ok';", 2),
        ("function* g() { throw 1; } (async () => { for (const x of g()); })(); return 'ok';", 1),
        ("const p = Promise.reject(1); await null; p.catch(() => {}); return 'ok';", 0),
        ("Store.fails(); await Store.get('a'); await Store.get('a'); await Store.get('a'); return 'ok';", 1),
    ];
    for (body, count) in cases {
        let job = sandbox.load_async::<dyn Job>(script(body)).await.unwrap();
        assert_eq!(job.run("").await.unwrap(), "ok", "{body}");
        assert_eq!(sandbox.usage().last.unhandled_rejections, count, "{body}");
    }
    let job = sandbox.load_async::<dyn Job>(script("throw new Error('its own');")).await.unwrap();
    assert_eq!(thrown(job.run("").await), "Error: its own");
    assert_eq!(sandbox.usage().last.unhandled_rejections, 0, "the call's own rejection is its error");
}

#[tokio::test]
async fn a_deadline_of_the_caller_narrows_the_limit() {
    let shop = Shop::default();
    let sandbox = sandbox(&shop);
    let job = sandbox
        .load_async::<dyn Job>(script("if (input) return await Store.wait(input); for (;;) {}"))
        .await
        .unwrap();
    for input in ["a", ""] {
        let soon = job.with_deadline(Instant::now() + Duration::from_millis(50));
        let late = soon.run(input).await;
        assert!(matches!(late, Err(Error::Limit { kind: LimitKind::Deadline, .. })), "{late:?}");
        let later = soon.run(input).await;
        assert!(matches!(later, Err(Error::Limit { kind: LimitKind::Deadline, .. })), "{later:?}");
    }
    assert_eq!(shop.waiting.load(Ordering::SeqCst), 0);
    shop.gate.add_permits(1);
    let soon = job.with_deadline(Instant::now() + LONG);
    assert_eq!(soon.run("a").await.unwrap(), "(a)");
    shop.gate.add_permits(1);
    assert_eq!(job.run("a").await.unwrap(), "(a)", "the proxy itself has no deadline");
    let narrowed = sandbox.with_deadline(Instant::now());
    let late = narrowed.eval_async(script("")).await;
    assert!(matches!(late, Err(Error::Limit { kind: LimitKind::Deadline, .. })));
}

#[tokio::test]
async fn a_call_whose_turn_does_not_come_ends_at_its_deadline() {
    let shop = Shop::default();
    let job = sandbox(&shop).load_async::<dyn Job>(script("for (;;) {}")).await.unwrap();
    let busy = tokio::spawn({
        let job = job.clone();
        async move { job.run("").await }
    });
    yield_now().await;
    let began = Instant::now();
    let late = job.with_deadline(Instant::now() + Duration::from_millis(50)).run("").await;
    assert!(matches!(late, Err(Error::Limit { kind: LimitKind::Deadline, .. })), "{late:?}");
    assert!(began.elapsed() < LONG / 2);
    busy.abort();
}

#[tokio::test]
async fn the_top_level_of_a_module_may_wait_for_the_host() {
    let shop = Shop::default();
    shop.gate.add_permits(2);
    let source = "const first = await Store.wait('first'); export const run = () => first;";
    let remote = sandbox(&shop).load_async::<dyn Job>(Script::new("a.js", source)).await.unwrap();
    assert_eq!(remote.run("").await.unwrap(), "(first)");
    let local = LocalSandbox::builder().limits(long()).host::<dyn Store>(shop.clone()).build().unwrap();
    let job = local.load_async::<dyn Job>(Script::new("a.js", source)).await.unwrap();
    assert_eq!(job.run("").await.unwrap(), "(first)");
    match local.eval(Script::new("a.js", source)).map(drop) {
        Err(Error::Guest(thrown)) => {
            assert!(thrown.message.contains("does not wait for this code"), "{thrown}")
        }
        other => panic!("{other:?}"),
    }
    let never = Sandbox::builder().limits(limits(50)).build().unwrap();
    match never.eval_async(Script::new("b.js", "await new Promise(() => {}); export {};")).await.map(drop) {
        Err(Error::Limit { kind: LimitKind::Wall, excess, .. }) => {
            assert_eq!((excess.script.as_deref(), excess.phase), (Some("b.js"), Some(Phase::AwaitsPromise)));
        }
        other => panic!("{other:?}"),
    }
    let throws = Script::new("c.js", "await 1; throw new TypeError('top'); export {};");
    match again_async(async || never.eval_async(throws.clone()).await).await.map(drop) {
        Err(Error::Guest(thrown)) => assert_eq!(thrown.message, "top"),
        other => panic!("{other:?}"),
    }
    let wrong = Script::new("d.js", "export const = 1");
    let outcome = again_async(async || never.eval_async(wrong.clone()).await).await.map(drop);
    assert!(matches!(outcome, Err(Error::Syntax { .. })), "{outcome:?}");
}

#[tokio::test]
async fn host_methods_find_the_runtime_in_which_the_sandbox_was_built() {
    #[sandbox_api(host)]
    trait Clock: Send + Sync {
        async fn sleep(&self, ms: u32);
    }
    struct Tokio;
    #[sandbox_api]
    impl Clock for Tokio {
        async fn sleep(&self, ms: u32) {
            tokio::time::sleep(Duration::from_millis(ms.into())).await;
        }
    }
    let sandbox = Sandbox::builder().limits(long()).host::<dyn Clock>(Tokio).build().unwrap();
    let job = sandbox.load_async::<dyn Job>(script("await Clock.sleep(1); return 'woken';")).await.unwrap();
    assert_eq!(job.run("").await.unwrap(), "woken");
}

#[tokio::test]
async fn a_host_method_may_await_its_own_sandbox() {
    #[sandbox_api(host)]
    trait Again: Send + Sync {
        async fn again(&self, depth: u32) -> Result<String>;
        fn stuck(&self) -> Result<String>;
    }
    struct Host(Arc<std::sync::OnceLock<JobProxy<sandbox_runtime::Remote>>>);
    #[sandbox_api]
    impl Again for Host {
        async fn again(&self, depth: u32) -> Result<String> {
            self.0.get().unwrap().run(&depth.to_string()).await
        }
        fn stuck(&self) -> Result<String> {
            // A runtime of its own: this thread polls no other task.
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            match runtime.block_on(self.0.get().unwrap().run("0")) {
                Err(Error::Blocking { reason, .. }) => Ok(reason),
                other => other,
            }
        }
    }
    let own = Arc::new(std::sync::OnceLock::new());
    let sandbox = Sandbox::builder().limits(long()).host::<dyn Again>(Host(own.clone())).build().unwrap();
    let body = "if (input === 'stuck') return Again.stuck();
        const depth = Number(input); return depth > 0 ? '.' + await Again.again(depth - 1) : 'end';";
    let job = sandbox.load_async::<dyn Job>(script(body)).await.unwrap();
    assert!(own.set(job.clone()).is_ok());
    assert_eq!(job.run("30").await.unwrap(), format!("{}end", ".".repeat(30)));
    let stuck = job.run("stuck").await.unwrap();
    assert!(stuck.contains("make the method `async`"), "{stuck}");
    assert_eq!(job.run("1").await.unwrap(), ".end");
}

#[tokio::test]
async fn a_call_inside_of_another_ends_with_it() {
    #[sandbox_api(host)]
    trait Again: Send + Sync {
        async fn again(&self, width: u32) -> Result<String>;
    }
    struct Host(Arc<std::sync::OnceLock<JobProxy<sandbox_runtime::Remote>>>, Arc<AtomicUsize>);
    #[sandbox_api]
    impl Again for Host {
        async fn again(&self, width: u32) -> Result<String> {
            let _waiting = Waiting::new(&self.1);
            self.0.get().unwrap().run(&width.to_string()).await
        }
    }
    let (own, alive) = (Arc::new(std::sync::OnceLock::new()), Arc::<AtomicUsize>::default());
    let host = Host(own.clone(), alive.clone());
    let sandbox = Sandbox::builder().limits(limits(150)).host::<dyn Again>(host).build().unwrap();
    let body = "return (await Promise.all(Array.from({ length: Number(input) }, () => Again.again(Number(input))))).join();";
    let job = again_async(async || sandbox.load_async::<dyn Job>(script(body)).await).await.unwrap();
    assert!(own.set(job.clone()).is_ok());
    for width in ["1", "2"] {
        let began = Instant::now();
        let ended = job.run(width).await;
        let kind = match &ended {
            Err(Error::Limit { kind, .. }) => *kind,
            other => panic!("{other:?}"),
        };
        let may_be = [LimitKind::Stack, LimitKind::Wall, LimitKind::Pending];
        assert!(may_be.contains(&kind), "{ended:?}");
        // Nothing of it goes on by itself: calls without end would begin others for as long as the sandbox lives.
        while alive.load(Ordering::SeqCst) > 0 {
            assert!(began.elapsed() < LONG / 2, "{} live on", alive.load(Ordering::SeqCst));
            yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_host_method_may_reset_its_own_sandbox_and_its_call_is_told() {
    #[sandbox_api(host)]
    trait Again: Send + Sync {
        async fn reset(&self) -> Result<u32>;
    }
    struct Host(Arc<std::sync::OnceLock<Sandbox>>);
    #[sandbox_api]
    impl Again for Host {
        async fn reset(&self) -> Result<u32> {
            // No guest is running while a future is polled.
            self.0.get().unwrap().reset().map(|()| 1)
        }
    }
    let own = Arc::new(std::sync::OnceLock::new());
    let sandbox = Sandbox::builder().limits(long()).host::<dyn Again>(Host(own.clone())).build().unwrap();
    assert!(own.set(sandbox.clone()).is_ok());
    let job = sandbox.load_async::<dyn Job>(script("return `${await Again.reset()}`;")).await.unwrap();
    let reset = job.run("").await;
    assert!(
        matches!(reset, Err(Error::Lost { reason: LossReason::Discarded(DiscardCause::Reset), .. })),
        "{reset:?}"
    );
    let job = sandbox.load_async::<dyn Job>(script("return 'fresh';")).await.unwrap();
    assert_eq!(job.run("").await.unwrap(), "fresh");
}

#[tokio::test]
async fn a_local_host_method_cannot_wait_synchronously_for_its_own_guest() {
    #[sandbox_api(host, local)]
    trait Again {
        async fn later(&self) -> Result<String>;
        fn stuck(&self) -> Result<String>;
    }
    #[sandbox_api(guest, local)]
    trait Task {
        async fn run(&self, input: &str) -> Result<String>;
    }
    type Own = std::rc::Rc<std::cell::OnceCell<TaskProxy<sandbox_runtime::Local>>>;
    struct Host(Own);
    #[sandbox_api(local)]
    impl Again for Host {
        async fn later(&self) -> Result<String> {
            self.0.get().unwrap().run("end").await
        }
        fn stuck(&self) -> Result<String> {
            let mut call = self.0.get().unwrap().run("end");
            let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
            match call.as_mut().poll(&mut cx) {
                std::task::Poll::Ready(Err(Error::Blocking { reason, .. })) => Ok(reason),
                _ => Ok("it waits".into()),
            }
        }
    }
    let own = Own::default();
    let sandbox =
        LocalSandbox::builder().limits(long()).host::<dyn Again>(Host(own.clone())).build().unwrap();
    let source = "export async function run(input) { return input === 'end' ? input : Again[input](); }";
    let task = sandbox.load::<dyn Task>(Script::new("a.js", source)).unwrap();
    assert!(own.set(task.clone()).is_ok());
    assert_eq!(task.run("later").await.unwrap(), "end");
    let reason = task.run("stuck").await.unwrap();
    assert!(reason.contains("make the method `async`"), "{reason}");
}

#[tokio::test]
async fn a_synchronous_call_on_the_only_thread_of_a_runtime_is_refused() {
    let sandbox = sandbox(&Shop::default());
    let refused = sandbox.eval(script(""));
    assert!(matches!(refused, Err(Error::Blocking { .. })));
    let in_its_place = tokio::task::spawn_blocking({
        let sandbox = sandbox.clone();
        move || sandbox.eval(script("")).map(drop)
    });
    in_its_place.await.unwrap().unwrap();
    sandbox.eval_async(script("")).await.unwrap();
    sandbox.reset_async().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_synchronous_call_leaves_the_other_tasks_of_its_thread_running() {
    #[sandbox_api(host)]
    trait Gate: Send + Sync {
        fn pass(&self);
    }
    struct Closed(std::sync::Mutex<std::sync::mpsc::Receiver<()>>);
    impl Gate for Closed {
        fn pass(&self) {
            self.0.lock().unwrap().recv().unwrap();
        }
    }
    let (open, closed) = std::sync::mpsc::channel();
    let sandbox = Sandbox::builder().limits(long()).host::<dyn Gate>(Closed(closed.into())).build().unwrap();
    let sync =
        tokio::spawn(async move { sandbox.eval(Script::new("a.js", "Gate.pass(); export {};")).map(drop) });
    // This task can only run when the call does not hold the runtime's one thread.
    tokio::spawn(async move { open.send(()).unwrap() }).await.unwrap();
    sync.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_full_heap_ends_all_calls_of_the_sandbox() {
    let shop = Shop::default();
    let sandbox = Sandbox::builder()
        .limits(Limits { heap: 16 << 20, ..long() })
        .host::<dyn Store>(shop.clone())
        .build()
        .unwrap();
    let body = "if (input) return await Store.wait(input); await null; const all = []; for (;;) all.push(new Array(100).fill(all.length));";
    let job = sandbox.load_async::<dyn Job>(script(body)).await.unwrap();
    let (waits, full) = tokio::join!(job.run("k"), job.run(""));
    assert!(matches!(full, Err(Error::Limit { kind: LimitKind::Heap, .. })), "{full:?}");
    assert!(
        matches!(waits, Err(Error::Lost { reason: LossReason::Discarded(DiscardCause::Fault(_)), .. })),
        "{waits:?}"
    );
    assert_eq!(shop.waiting.load(Ordering::SeqCst), 0);
    assert!(matches!(job.run("k").await, Err(Error::Discarded { .. })));
    sandbox.reset_async().await.unwrap();
    let job = sandbox.load_async::<dyn Job>(script("return 'fresh';")).await.unwrap();
    assert_eq!(job.run("").await.unwrap(), "fresh");
}

#[tokio::test]
async fn a_reset_ends_the_calls_that_wait() {
    let shop = Shop::default();
    let sandbox = sandbox(&shop);
    let job = sandbox.load_async::<dyn Job>(script("return await Store.wait(input);")).await.unwrap();
    let call = tokio::spawn(async move { job.run("k").await });
    shop.entered.notified().await;
    sandbox.reset_async().await.unwrap();
    let lost = call.await.unwrap();
    assert!(
        matches!(lost, Err(Error::Lost { reason: LossReason::Discarded(DiscardCause::Reset), .. })),
        "{lost:?}"
    );
    assert_eq!(shop.waiting.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn what_a_call_used_is_on_its_own_bill() {
    let shop = Shop::default();
    shop.gate.add_permits(1000);
    let sandbox = sandbox(&shop);
    let body = "for (let i = 0; i < Number(input); i++) await Store.wait('k'); return '';";
    let job = sandbox.load_async::<dyn Job>(script(body)).await.unwrap();
    let before = sandbox.usage().total;
    let (a, b) = tokio::join!(job.run("10"), job.run("20"));
    assert_eq!((a.unwrap(), b.unwrap()), (String::new(), String::new()));
    let total = sandbox.usage().total;
    assert_eq!(total.calls - before.calls, 2);
    assert_eq!(total.host_calls - before.host_calls, 30);
    assert_eq!(sandbox.usage().last.host_calls, 20, "the longer one ended last");
}

#[tokio::test]
async fn calls_of_one_method_are_counted_for_each_call_apart() {
    #[sandbox_api(host)]
    trait Few: Send + Sync {
        #[sandbox(max_calls = 5)]
        async fn few(&self);
    }
    struct Host;
    #[sandbox_api]
    impl Few for Host {
        async fn few(&self) {
            yield_now().await;
        }
    }
    let sandbox = Sandbox::builder().limits(long()).host::<dyn Few>(Host).build().unwrap();
    let body = "for (let i = 0; i < Number(input); i++) await Few.few(); return 'done';";
    let job = sandbox.load_async::<dyn Job>(script(body)).await.unwrap();
    let (a, b, c) = tokio::join!(job.run("5"), job.run("6"), job.run("5"));
    assert_eq!((a.unwrap(), c.unwrap()), ("done".into(), "done".into()));
    assert!(matches!(b, Err(Error::Limit { kind: LimitKind::HostCalls, .. })), "{b:?}");
}

#[tokio::test]
async fn cpu_time_is_that_of_all_turns_of_a_call() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let limits = Limits { cpu: Duration::from_millis(60), ..long() };
    let sandbox = Sandbox::builder().limits(limits).host::<dyn Store>(Shop::default()).build().unwrap();
    let spin = "for (let turn = 0; turn < 1e6; turn++);";
    let body =
        format!("for (let i = 0; i < Number(input); i++) {{ {spin} await Store.get('k'); }} return 'done';");
    let job = sandbox.load_async::<dyn Job>(script(&body)).await.unwrap();
    let ended = job.run("1000000").await;
    assert!(matches!(ended, Err(Error::Limit { kind: LimitKind::Cpu, .. })), "{ended:?}");
    assert_eq!(job.run("1").await.unwrap(), "done");
    // However short each of them is.
    let short = sandbox.load_async::<dyn Job>(script("for (;;) await Store.get('k');")).await.unwrap();
    let ended = short.run("").await;
    assert!(matches!(ended, Err(Error::Limit { kind: LimitKind::Cpu, .. })), "{ended:?}");
}

#[test]
fn a_call_of_a_local_sandbox_is_refused_on_another_thread() {
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Store>(Shop::default()).build().unwrap();
    let job = sandbox.load::<dyn Job>(script("return input;")).unwrap();
    // The future borrows nothing but its lifetime says that it does.
    let call = job.run("x");
    let polled = std::thread::scope(|scope| {
        scope
            .spawn(|| {
                let mut call = call;
                let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
                match call.as_mut().poll(&mut cx) {
                    std::task::Poll::Ready(outcome) => outcome,
                    std::task::Poll::Pending => Ok("pending".into()),
                }
            })
            .join()
            .unwrap()
    });
    assert!(matches!(polled, Err(Error::Blocking { .. })), "{polled:?}");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(job.run("y")).unwrap(), "y");
}

#[tokio::test]
async fn a_sandbox_that_is_dropped_with_calls_in_flight_lets_them_end() {
    let shop = Shop::default();
    let job = sandbox(&shop).load_async::<dyn Job>(script("return await Store.wait(input);")).await.unwrap();
    let call = Box::pin(job.run("k"));
    let mut call = call;
    assert!(futures_once(&mut call).await.is_none());
    shop.entered.notified().await;
    shop.gate.add_permits(1);
    assert_eq!(call.await.unwrap(), "(k)");
    drop(job);
}
