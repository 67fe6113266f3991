//! Handles over links: the same programs in a thread and at the other end of each link.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use sandbox_runtime::observe::{HostCallEnd, Observer};
use sandbox_runtime::{AsyncCallback, Callback, Error, Handle, Limits, Result, Sandbox, Script, sandbox_api};
use slack::{LONG, long};

#[macro_use]
mod sites;
mod slack;

/// A feed of numbers.
#[sandbox_api(host)]
pub trait Feed: Send + Sync {
    async fn next(&self) -> Result<Option<u32>>;
    fn count(&self) -> u32;
    #[sandbox(max_calls = 3)]
    fn few(&self) -> u32;
    /// Gives itself, by its own number.
    fn own(&self) -> Handle<dyn Feed>;
}

#[sandbox_api(host)]
pub trait Feeds {
    async fn open(&self, most: u32) -> Result<Handle<dyn Feed>>;
    fn now(&self) -> Handle<dyn Feed>;
    fn many(&self, count: u32) -> Vec<Handle<dyn Feed>>;
    async fn sum(&self, feeds: Vec<Handle<dyn Feed>>) -> u32;
    fn any(&self, value: serde_json::Value) -> String;
    fn text(&self, value: String);
}

#[sandbox_api(guest)]
pub trait Reader {
    async fn run(&self, what: &str) -> Result<String>;
    fn now(&self, what: &str) -> Result<String>;
    fn echo(&self, feed: Handle<dyn Feed>) -> Result<Handle<dyn Feed>>;
    fn data(&self) -> Result<serde_json::Value>;
}

struct UpTo {
    most: u32,
    at: AtomicU32,
    live: Arc<AtomicUsize>,
    own: Mutex<std::sync::Weak<dyn Feed>>,
}

impl UpTo {
    fn made(most: u32, live: &Arc<AtomicUsize>) -> Arc<dyn Feed> {
        live.fetch_add(1, Ordering::SeqCst);
        let at = AtomicU32::default();
        Arc::new_cyclic(|own: &std::sync::Weak<Self>| {
            let own: std::sync::Weak<dyn Feed> = own.clone();
            Self { most, at, live: live.clone(), own: Mutex::new(own) }
        })
    }
}

impl Drop for UpTo {
    fn drop(&mut self) {
        self.live.fetch_sub(1, Ordering::SeqCst);
    }
}

#[sandbox_runtime::async_trait]
impl Feed for UpTo {
    async fn next(&self) -> Result<Option<u32>> {
        tokio::task::yield_now().await;
        let next = self.at.fetch_add(1, Ordering::SeqCst);
        Ok((next < self.most).then_some(next))
    }

    fn count(&self) -> u32 {
        self.at.load(Ordering::SeqCst)
    }

    fn few(&self) -> u32 {
        self.most
    }

    fn own(&self) -> Handle<dyn Feed> {
        self.own.lock().unwrap().upgrade().unwrap().into()
    }
}

struct Source {
    shared: Arc<dyn Feed>,
    live: Arc<AtomicUsize>,
}

impl Source {
    fn new(live: &Arc<AtomicUsize>) -> Self {
        Self { shared: UpTo::made(5, live), live: live.clone() }
    }
}

#[sandbox_runtime::async_trait]
impl Feeds for Source {
    async fn open(&self, most: u32) -> Result<Handle<dyn Feed>> {
        tokio::task::yield_now().await;
        Ok(UpTo::made(most, &self.live).into())
    }

    fn now(&self) -> Handle<dyn Feed> {
        self.shared.clone().into()
    }

    fn many(&self, count: u32) -> Vec<Handle<dyn Feed>> {
        (0..count).map(|most| UpTo::made(most, &self.live).into()).collect()
    }

    async fn sum(&self, feeds: Vec<Handle<dyn Feed>>) -> u32 {
        feeds.iter().map(|feed| feed.count()).sum()
    }

    fn any(&self, value: serde_json::Value) -> String {
        value.to_string()
    }

    fn text(&self, _: String) {}
}

const SOURCE: &str = r#"
const error = (run) => { try { return run(); } catch (e) { return `${e.name}: ${e.message}`; } };
const later = {
  async reads() {
    const feed = await Feeds.open(3), all = [];
    for (let n; (n = await feed.next()) !== null;) all.push(n);
    return all.join() + "|" + feed.count() + "|" + await Feeds.sum([feed, feed, await Feeds.open(1)]);
  },
  async together() {
    const feeds = await Promise.all([1, 2, 3].map((most) => Feeds.open(most)));
    const all = await Promise.all(feeds.flatMap((feed) => [feed.next(), feed.next()]));
    return JSON.stringify(all);
  },
  async ended() {
    const feed = await Feeds.open(3);
    const next = feed.next();
    feed[Symbol.dispose]();
    const outcome = await next;
    return outcome + "|" + await feed.next().catch((e) => e.message);
  },
  async lost() { for (let i = 0; i < 300; i++) await (await Feeds.open(i)).next(); return "done"; },
  async hoards() { const all = []; for (;;) all.push(await Feeds.open(1)); },
  async bursts() { return (await Promise.all([...Array(40)].map(() => Feeds.open(1)))).length; },
};
const now = {
  own() { const feed = Feeds.now(); return feed.own() === feed && feed.own().own() === Feeds.now(); },
  few() { const a = Feeds.now(), b = Feeds.many(2)[1]; a.few(); b.few(); return a.few() + b.few() + a.few(); },
  many() { const all = Feeds.many(30); return new Set(all).size + "|" + all.map((feed) => feed.few === all[0].few).every(Boolean); },
  tooMany() { return Feeds.many(200).length; },
  data() { return Feeds.any(Feeds.now()) + Feeds.any({ a: [Feeds.now()] }) + error(() => Feeds.text(Feeds.now())); },
  thrown() { throw Object.assign(new Error("with a feed"), { feed: Feeds.now() }); },
  keeps() { globalThis.all = Feeds.many(20); return all.length; },
  kept() { return all.reduce((sum, feed) => sum + feed.count(), 0); },
  again() {
    // The number of an object comes again while its release is on its way.
    let count = 0;
    for (let i = 0; i < 2000; i++) { const feed = Feeds.now(); if (i % 3) feed[Symbol.dispose](); count += Feeds.now().count() + 1; }
    return count;
  },
  inMethod() {
    const feed = Feeds.now();
    let seen = 0;
    const text = { toString() { seen++; return ""; } };
    return error(() => Feeds.any({ get a() { feed[Symbol.dispose](); return 1; }, b: feed }));
  },
};
export const run = async (what) => String(await later[what]());
const runNow = (what) => String(now[what]());
export { runNow as now };
export const echo = (feed) => feed;
export const data = () => ({ feed: Feeds.now() });
"#;

fn script() -> Script {
    Script::new("feeds.mjs", SOURCE)
}

fn ends(live: &AtomicUsize) {
    let began = Instant::now();
    while live.load(Ordering::SeqCst) > 0 {
        assert!(began.elapsed() < LONG, "{} live", live.load(Ordering::SeqCst));
        std::thread::yield_now();
    }
}

/// The outcome of a method in all sites.
fn alike(what: &str, limits: Limits, is_async: bool) -> String {
    let live = Arc::default();
    let outcome = alike!(|builder| builder.limits(limits).host::<dyn Feeds>(Source::new(&live)), |sandbox| {
        let reader = sandbox.load::<dyn Reader>(script()).unwrap();
        let outcome = match is_async {
            true => sites::runtime().block_on(reader.run(what)),
            false => reader.now(what),
        };
        let outcome = outcome.unwrap_or_else(|error| format!("{}: {error}", error.kind()));
        format!("{outcome}|{}", sandbox.usage().last.host_calls)
    });
    ends(&live);
    outcome
}

#[test]
fn methods_are_async_too() {
    assert_eq!(alike("reads", long(), true), "0,1,2|4|8|8");
    assert_eq!(alike("together", long(), true), "[0,null,0,1,0,1]|9");
}

#[test]
fn a_method_goes_on_when_its_handle_is_disposed() {
    let outcome = alike("ended", long(), true);
    assert!(outcome.starts_with("0|Feed.next: the handle was disposed"), "{outcome}");
}

#[test]
fn the_limit_holds_for_async_methods() {
    let limits = Limits { handles: 20, ..long() };
    assert_eq!(alike("lost", limits, true), "done|600");
    for what in ["hoards", "bursts"] {
        let outcome = alike(what, limits, true);
        assert!(outcome.starts_with("limit.handles: "), "{outcome}");
    }
}

#[test]
fn a_list_of_handles_is_within_the_limit() {
    let limits = Limits { handles: 40, ..long() };
    assert_eq!(alike("many", limits, false), "30|true|1");
    let outcome = alike("tooMany", limits, false);
    assert!(outcome.starts_with("limit.handles: "), "{outcome}");
}

#[test]
fn the_identity_holds_within_methods() {
    assert_eq!(alike("own", long(), false), "true|5");
}

#[test]
fn calls_of_all_objects_count() {
    let outcome = alike("few", long(), false);
    assert!(outcome.starts_with("limit.host_calls: ") && outcome.contains("Feed.few"), "{outcome}");
}

#[test]
fn a_handle_is_no_data() {
    let outcome = alike("data", long(), false);
    assert!(outcome.starts_with(r#"{}{"a":[{}]}TypeError: "#), "{outcome}");
    assert!(alike("thrown", long(), false).contains("with a feed"));
    assert!(alike("inMethod", long(), false).ends_with("|2"));
}

#[test]
fn a_number_that_comes_again_stays() {
    assert_eq!(alike("again", long(), false), "2000|6000");
}

#[test]
fn a_guest_gives_the_same_object_back() {
    alike!(|builder| builder.limits(long()).host::<dyn Feeds>(Source::new(&Arc::default())), |sandbox| {
        let reader = sandbox.load::<dyn Reader>(script()).unwrap();
        let live = Arc::default();
        let feed = UpTo::made(7, &live);
        for _ in 0..3 {
            let echo = reader.echo(feed.clone().into()).unwrap();
            assert!(Arc::ptr_eq(&echo.into_arc(), &feed));
        }
        // An untyped value has no objects.
        let data = reader.data().unwrap();
        drop(feed);
        sandbox.reset().unwrap();
        ends(&live);
        data.to_string()
    });
}

type Step = Callback<fn(u32) -> Result<u32>>;

#[sandbox_api(host)]
pub trait Functions {
    fn adder(&self, to: u32) -> Step;
    fn apply(&self, step: Step, to: u32) -> Result<u32>;
    async fn twice(&self) -> AsyncCallback<fn(u32) -> Result<u32>>;
}

#[sandbox_api(guest)]
pub trait Caller {
    fn now(&self) -> Result<String>;
    async fn later(&self) -> Result<String>;
    fn takes(&self, step: Step) -> Result<u32>;
}

struct Closures;

#[sandbox_runtime::async_trait]
impl Functions for Closures {
    fn adder(&self, to: u32) -> Step {
        Callback::new(move |more: u32| match more {
            0 => Err(Error::public("nothing to add")),
            more => Ok(to + more),
        })
    }

    fn apply(&self, step: Step, to: u32) -> Result<u32> {
        step.call(to)
    }

    async fn twice(&self) -> AsyncCallback<fn(u32) -> Result<u32>> {
        AsyncCallback::new(|value: u32| async move {
            tokio::task::yield_now().await;
            Ok(value * 2)
        })
    }
}

const CALLER: &str = r#"
const error = (run) => { try { return run(); } catch (e) { return `${e.name}: ${e.message}`; } };
export const now = () => {
  const add = Functions.adder(5);
  const all = [typeof add, Object.isFrozen(add), add(2), Functions.apply(add, 10), error(() => add(0)), error(() => add("x"))];
  return [...all, error(() => Functions.apply(Object(1), 1)).startsWith("TypeError: ")].join("|");
};
export const later = async () => { const twice = await Functions.twice(); return typeof twice + await twice(21); };
export const takes = (step) => step(4);
"#;

#[test]
fn closures_of_the_host_are_functions() {
    let outcome = alike!(|builder| builder.limits(long()).host::<dyn Functions>(Closures), |sandbox| {
        let caller = sandbox.load::<dyn Caller>(Script::new("caller.mjs", CALLER)).unwrap();
        let taken = caller.takes(Callback::new(|value: u32| Ok(value * 2))).unwrap();
        let later = sites::runtime().block_on(caller.later()).unwrap();
        format!("{taken}|{later}|{}", caller.now().unwrap())
    });
    let wrong = "TypeError: Callback.call → first: expected";
    assert!(outcome.starts_with("8|function42|function|true|7|15|Error: nothing to add|"), "{outcome}");
    assert!(outcome.contains(wrong) && outcome.ends_with("|true"), "{outcome}");
}

/// Notes the ends of host calls.
#[derive(Clone, Default)]
struct Calls(Arc<Mutex<Vec<String>>>);

impl Observer for Calls {
    fn on_host_call_end(&self, event: &HostCallEnd<'_>) {
        self.0.lock().unwrap().push(event.to_string());
    }
}

#[test]
fn observers_are_told_of_the_same_calls() {
    let calls = Calls::default();
    let told = alike!(
        |builder| {
            builder
                .limits(Limits { handles: 40, ..long() })
                .observer(calls.clone())
                .host::<dyn Feeds>(Source::new(&Arc::default()))
        },
        |sandbox| {
            let reader = sandbox.load::<dyn Reader>(script()).unwrap();
            for what in ["own", "few", "tooMany", "data"] {
                _ = reader.now(what);
            }
            std::mem::take(&mut *calls.0.lock().unwrap())
        }
    );
    assert!(told.iter().any(|line| line.contains("Feed.own")), "{told:?}");
}

/// A contract that one thread may use.
#[sandbox_api(host)]
pub trait Counter {
    fn next(&self) -> u32;
}

#[sandbox_api(host)]
pub trait Counters {
    fn open(&self) -> Handle<dyn Counter>;
}

#[sandbox_api(guest)]
pub trait Once {
    fn run(&self) -> Result<u32>;
}

struct One;

impl Counter for One {
    fn next(&self) -> u32 {
        1
    }
}

impl Counters for One {
    fn open(&self) -> Handle<dyn Counter> {
        Handle::new(Self)
    }
}

#[test]
fn a_contract_of_one_thread_is_refused_over_a_link() {
    let source = "let calls = 0; export function run() { return calls++ ? 7 : Counters.open().next(); }";
    let sandbox = Sandbox::builder().limits(long()).host::<dyn Counters>(One).build().unwrap();
    assert_eq!(sandbox.load::<dyn Once>(Script::new("once.js", source)).unwrap().run().unwrap(), 1);
    for (site, link) in sites::links() {
        let sandbox =
            Sandbox::builder().limits(long()).transport(link).host::<dyn Counters>(One).build().unwrap();
        let once = sandbox.load::<dyn Once>(Script::new("once.js", source)).unwrap();
        let error = once.run().unwrap_err();
        let Error::HostValue(boundary) = &error else { panic!("{site}: {error:?}") };
        let text = boundary.to_string();
        assert!(text.contains("a handle of `Counter: Send + Sync`"), "{site}: {text}");
        assert_eq!(once.run().unwrap(), 7, "{site}");
    }
}

#[test]
fn a_guest_that_cannot_wait_gets_no_methods_to_wait_for() {
    #[sandbox_api(host)]
    trait Source {
        async fn open(&self) -> Handle<dyn Feed>;
    }
    struct Feeds;
    #[sandbox_runtime::async_trait]
    impl Source for Feeds {
        async fn open(&self) -> Handle<dyn Feed> {
            UpTo::made(1, &Arc::default()).into()
        }
    }
    #[sandbox_api(guest)]
    trait Later {
        async fn run(&self) -> Result<String>;
    }
    let link = sandbox_runtime::testing::in_memory(false);
    let sandbox =
        Sandbox::builder().limits(long()).transport(link).host::<dyn Source>(Feeds).build().unwrap();
    let source = "export const run = () => Source.open().catch((e) => e.message);";
    let later = sandbox.load::<dyn Later>(Script::new("later.js", source)).unwrap();
    let runtime = sites::runtime();
    // The guest sees that the host has broken its contract, and no text of the host's error.
    let message = runtime.block_on(later.run()).unwrap();
    assert!(message.contains("Source.open"), "{message}");
    runtime.block_on(later.run()).unwrap();
}

/// Calls the guest when it is dropped, and notes what the guest gave.
struct Last(Guest, Outcomes);

impl Drop for Last {
    fn drop(&mut self) {
        let reader = self.0.lock().unwrap().clone();
        let outcome = reader.map(|reader| reader.now("one").unwrap_or_else(|error| error.kind().to_owned()));
        self.1.lock().unwrap().push(outcome.unwrap_or_default());
        panic!("on purpose");
    }
}

#[sandbox_api(host)]
pub trait Lasts {
    fn make(&self) -> Handle<dyn Ticker>;
}

#[sandbox_api(host)]
pub trait Ticker: Send + Sync {
    fn next(&self) -> u32;
}

impl Ticker for Last {
    fn next(&self) -> u32 {
        1
    }
}

type Guest = Arc<Mutex<Option<Arc<dyn Reader + Send + Sync>>>>;
type Outcomes = Arc<Mutex<Vec<String>>>;

struct Makes(Guest, Outcomes);

impl Lasts for Makes {
    fn make(&self) -> Handle<dyn Ticker> {
        Handle::new(Last(self.0.clone(), self.1.clone()))
    }
}

/// Code of the host that runs when an object is dropped can call the guest, and can panic.
#[test]
fn the_drop_of_an_object_calls_the_guest() {
    let source = r#"
      const acts = {
        one() { return 1; },
        drops() { for (let i = 0; i < 20; i++) Lasts.make()[Symbol.dispose](); return Lasts.make().next(); },
      };
      const runNow = (what) => String(acts[what]());
      export { runNow as now };
      export const run = async (what) => { const made = []; for (let i = 0; i < 5; i++) Lasts.make()[Symbol.dispose](); return "later"; };
      export const echo = (feed) => feed, data = () => 1;
    "#;
    for (site, link) in sites::links() {
        let (guest, dropped) = (Guest::default(), Outcomes::default());
        let builder = Sandbox::builder().limits(long()).transport(link);
        let sandbox = builder.host::<dyn Lasts>(Makes(guest.clone(), dropped.clone())).build().unwrap();
        let reader = Arc::new(sandbox.load::<dyn Reader>(Script::new("drops.js", source)).unwrap());
        *guest.lock().unwrap() = Some(reader.clone());
        assert_eq!(reader.now("drops").unwrap(), "1", "{site}");
        assert_eq!(std::mem::take(&mut *dropped.lock().unwrap()), vec!["1"; 20], "{site}");
        assert_eq!(sites::runtime().block_on(reader.run("")).unwrap(), "later", "{site}");
        assert_eq!(reader.now("one").unwrap(), "1", "{site}");
        assert_eq!(std::mem::take(&mut *dropped.lock().unwrap()), vec!["1"; 5], "{site}");
        // The objects of the old guest are dropped when there is a new one.
        sandbox.reset().unwrap();
        assert_eq!(std::mem::take(&mut *dropped.lock().unwrap()), vec!["discarded"], "{site}");
        guest.lock().unwrap().take();
    }
}

/// A feed whose host kills the guest's process after so many calls.
struct Victim {
    live: Arc<AtomicUsize>,
    process: Arc<AtomicU32>,
    left: Arc<AtomicU32>,
}

impl Victim {
    fn tick(&self) {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            let process = self.process.load(Ordering::SeqCst).cast_signed();
            // SAFETY: numbers. The sandbox waits for the end of its call, so the process has not been reaped.
            assert_eq!(unsafe { libc::kill(process, libc::SIGKILL) }, 0);
        }
    }
}

#[sandbox_runtime::async_trait]
impl Feeds for Victim {
    async fn open(&self, most: u32) -> Result<Handle<dyn Feed>> {
        self.tick();
        Ok(UpTo::made(most, &self.live).into())
    }

    fn now(&self) -> Handle<dyn Feed> {
        self.tick();
        let feed = UpTo::made(1, &self.live);
        self.tick();
        feed.into()
    }

    fn many(&self, count: u32) -> Vec<Handle<dyn Feed>> {
        self.tick();
        (0..count).map(|most| UpTo::made(most, &self.live).into()).collect()
    }

    async fn sum(&self, feeds: Vec<Handle<dyn Feed>>) -> u32 {
        self.tick();
        feeds.iter().map(|feed| feed.count()).sum()
    }

    fn any(&self, value: serde_json::Value) -> String {
        value.to_string()
    }

    fn text(&self, _: String) {}
}

/// How often a process is killed: `SANDBOX_HANDLE_KILLS`, or some hundred times.
fn kills() -> u32 {
    std::env::var("SANDBOX_HANDLE_KILLS").map_or(100, |kills| kills.parse().unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn no_object_is_left_when_a_process_is_killed() {
    const KILLED: &str = r#"
      const kept = [];
      const act = (i) => {
        kept.push(Feeds.now(), ...Feeds.many(i % 7));
        if (i % 3 === 0) kept.splice(0, 4).forEach((feed) => feed[Symbol.dispose]());
        if (i % 5 === 0) kept.length >>= 1;
      };
      const runNow = () => { for (let i = 0; ; i++) act(i); };
      export { runNow as now };
      export const run = async () => {
        for (let i = 0; ; i++) {
          act(i);
          const feeds = await Promise.all([Feeds.open(i), Feeds.open(1)]);
          kept.push(...feeds);
          await Promise.all([feeds[0].next(), Feeds.sum(kept.slice(-3))]);
        }
      };
      export const echo = (feed) => feed, data = () => 1;
    "#;
    let (live, process, left) = (Arc::default(), Arc::<AtomicU32>::default(), Arc::<AtomicU32>::default());
    let victim = Victim { live: Arc::clone(&live), process: process.clone(), left: left.clone() };
    let builder = Sandbox::builder().limits(long()).transport(slack::worker());
    let sandbox = builder.host::<dyn Feeds>(victim).build().unwrap();
    let runtime = sites::runtime();
    let mut random = 1_u64;
    for nth in 0..kills() {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        process.store(sandbox.pid().unwrap(), Ordering::SeqCst);
        left.store(u32::try_from(random >> 33).unwrap() % 60 + 1, Ordering::SeqCst);
        let reader = sandbox.load::<dyn Reader>(Script::new("killed.js", KILLED)).unwrap();
        let outcome = if nth % 2 == 0 { reader.now("") } else { runtime.block_on(reader.run("")) };
        let error = outcome.unwrap_err();
        assert!(matches!(error, Error::Process { .. }), "{nth}: {error:?}");
        // Futures of the call are dropped by the thread that runs them.
        ends(&live);
        sandbox.reset().unwrap();
    }
}
