//! A pool of sandboxes for many tenants.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::{Duration, Instant};

use sandbox_runtime::{
    Console, Error, LimitKind, Limits, Phase, Result, SandboxPool, Script, Trust, async_trait, sandbox_api,
};
use slack::{LONG, again, again_async, long};
use tokio::sync::{Notify, Semaphore};

mod slack;

#[sandbox_api(guest)]
pub trait Rule {
    fn price(&self, quantity: f64) -> Result<f64>;
}

#[sandbox_api(guest)]
pub trait Job {
    async fn run(&self, input: &str) -> Result<String>;
}

#[sandbox_api(host)]
pub trait Shop: Send + Sync {
    fn name(&self) -> String;
    async fn wait(&self) -> String;
    fn pass(&self);
}

/// What the test sees of the hosts.
#[derive(Clone)]
struct Gate {
    open: Arc<Semaphore>,
    entered: Arc<Notify>,
    /// Holds synchronous host methods until the test meets them.
    meet: Arc<Mutex<Option<Arc<Barrier>>>>,
    made: Arc<AtomicUsize>,
}

impl Default for Gate {
    fn default() -> Self {
        let open = Arc::new(Semaphore::new(0));
        Self { open, entered: Arc::default(), meet: Arc::default(), made: Arc::default() }
    }
}

struct Host(String, Gate);

#[async_trait]
impl Shop for Host {
    fn name(&self) -> String {
        self.0.clone()
    }
    async fn wait(&self) -> String {
        self.1.entered.notify_one();
        if let Ok(permit) = self.1.open.acquire().await {
            permit.forget();
        }
        self.0.clone()
    }
    fn pass(&self) {
        let barrier = self.1.meet.lock().unwrap().clone();
        if let Some(barrier) = barrier {
            barrier.wait();
            barrier.wait();
        }
    }
}

fn limits() -> Limits {
    Limits { heap: 16 << 20, ..long() }
}

fn builder(gate: &Gate) -> sandbox_runtime::Builder<SandboxPool> {
    let gate = gate.clone();
    // A slow thread has what processor other work leaves, so a tenant whose call was ended is not there for long.
    let builder = SandboxPool::builder().cooldown(Duration::from_millis(1));
    builder.limits(limits()).patience(LONG).slow(LONG).threads(1).host::<dyn Shop>(move |tenant| {
        gate.made.fetch_add(1, Ordering::SeqCst);
        Box::new(Host(tenant.to_owned(), gate.clone()))
    })
}

fn rule(body: &str) -> Script {
    Script::new("rule.js", format!("let calls = 0; export function price(quantity) {{ {body} }}"))
}

fn job(body: &str) -> Script {
    Script::new("job.js", format!("export async function run(input) {{ {body} }}"))
}

#[test]
fn each_tenant_has_a_sandbox_and_a_host_of_its_own() {
    let gate = Gate::default();
    let pool = builder(&gate).threads(2).build().unwrap();
    let rules = (0..20).map(|n| {
        let tenant = pool.tenant(&format!("t{n}"));
        tenant.load::<dyn Rule>(rule("return Number(Shop.name().slice(1)) * 1000 + ++calls;")).unwrap()
    });
    let rules = rules.collect::<Vec<_>>();
    for round in 1..=3 {
        for (n, rule) in rules.iter().enumerate() {
            assert_eq!(rule.price(0.0).unwrap(), (n * 1000 + round) as f64);
        }
    }
    let metrics = pool.metrics();
    assert_eq!((metrics.tenants, metrics.sandboxes, metrics.created), (20, 20, 20));
    assert_eq!(gate.made.load(Ordering::SeqCst), 20);
    assert_eq!((metrics.calls, metrics.failed, metrics.waiting), (80, 0, 0));
    assert!(metrics.memory > 20 << 18, "{metrics:?}");
    assert_eq!(pool.tenant("t3").usage().total.calls, 5, "an evaluation, a binding, three calls");
}

#[test]
fn a_proxy_is_an_ordinary_trait_object_in_any_thread() {
    let pool = builder(&Gate::default()).build().unwrap();
    let rule: Arc<dyn Rule + Send + Sync> =
        Arc::new(pool.tenant("a").load::<dyn Rule>(rule("return quantity * 2;")).unwrap());
    let threads = (0..4).map(|n| {
        let rule = rule.clone();
        std::thread::spawn(move || (0..100).map(|_| rule.price(f64::from(n)).unwrap()).sum::<f64>())
    });
    let sums = threads.map(|thread| thread.join().unwrap()).collect::<Vec<_>>();
    assert_eq!(sums, [0.0, 200.0, 400.0, 600.0]);
}

#[test]
fn what_a_script_does_wrong_is_told_when_it_is_loaded() {
    let pool = builder(&Gate::default()).build().unwrap();
    let tenant = pool.tenant("a");
    assert!(matches!(
        tenant.load::<dyn Rule>(Script::new("a.js", "export const other = 1;")).map(drop),
        Err(Error::Mismatch { .. })
    ));
    assert!(matches!(
        tenant.load::<dyn Rule>(Script::new("a.js", "export const")).map(drop),
        Err(Error::Syntax { .. })
    ));
    assert_eq!(tenant.load::<dyn Rule>(rule("return 1;")).unwrap().price(0.0).unwrap(), 1.0);
}

#[test]
fn a_discarded_sandbox_is_replaced_before_the_next_call() {
    let pool = builder(&Gate::default()).build().unwrap();
    let other = pool.tenant("other").load::<dyn Rule>(rule("return ++calls;")).unwrap();
    other.price(0.0).unwrap();
    let body = "if (quantity < 0) { const all = []; for (;;) all.push(new Array(1000).fill(all.length)); } return ++calls;";
    let rule = pool.tenant("a").load::<dyn Rule>(rule(body)).unwrap();
    for round in 1..=3 {
        assert_eq!(rule.price(1.0).unwrap(), 1.0, "a fresh one");
        let made = pool.metrics().created;
        let again = rule.price(1.0).unwrap();
        // A tenant that is no longer slow goes back to the quick threads, where it has another sandbox.
        assert_eq!(again, if pool.metrics().created == made { 2.0 } else { 1.0 });
        let full = rule.price(-1.0);
        assert!(matches!(full, Err(Error::Limit { kind: LimitKind::Heap, .. })), "{full:?}");
        assert_eq!(pool.metrics().discarded, round);
    }
    assert_eq!(rule.price(1.0).unwrap(), 1.0);
    assert_eq!(other.price(0.0).unwrap(), 2.0, "nobody else noticed");
}

#[test]
fn what_nobody_uses_is_given_up_and_made_again() {
    let gate = Gate::default();
    let pool = builder(&gate).idle(Duration::from_millis(30)).build().unwrap();
    let rule = pool.tenant("a").load::<dyn Rule>(rule("return ++calls;")).unwrap();
    assert_eq!(rule.price(0.0).unwrap(), 1.0);
    let began = Instant::now();
    while pool.metrics().sandboxes > 0 {
        assert!(began.elapsed() < LONG);
        std::thread::yield_now();
    }
    let metrics = pool.metrics();
    // It may be idle between two calls of this test as well.
    assert!(metrics.idled >= 1 && metrics.memory == 0, "{metrics:?}");
    assert!(pool.tenant("a").usage().total.calls >= 3, "the bill is kept");
    assert_eq!(rule.price(0.0).unwrap(), 1.0);
    assert!(pool.metrics().created > metrics.idled, "it was made again");
    drop(rule);
    let began = Instant::now();
    while pool.metrics().tenants > 0 {
        assert!(began.elapsed() < LONG, "a tenant that nobody holds is forgotten");
        std::thread::yield_now();
    }
}

/// A bill is that of the isolate, for all who have a realm of it.
#[tokio::test]
async fn a_key_that_comes_back_to_its_isolate_is_billed_once() {
    let gate = Gate::default();
    let pool = builder(&gate).trust(Trust::SameTenant).idle(Duration::from_millis(30)).build().unwrap();
    let (a, b) = (pool.tenant("a"), pool.tenant("b"));
    let held = b.load_async::<dyn Job>(job("return await Shop.wait();")).await.unwrap();
    let call = tokio::spawn(async move { held.run("").await });
    gate.entered.notified().await;
    let other = a.load_async::<dyn Job>(job("return 'a';")).await.unwrap();
    for round in 1..=3 {
        assert_eq!(other.run("").await.unwrap(), "a");
        assert_eq!(a.usage(), b.usage(), "round {round}");
        let began = Instant::now();
        while pool.metrics().idled < round {
            assert!(began.elapsed() < LONG);
            tokio::task::yield_now().await;
        }
    }
    gate.open.add_permits(1);
    call.await.unwrap().unwrap();
    assert_eq!(a.usage(), b.usage());
}

#[test]
fn the_least_recently_used_goes_first_when_memory_is_short() {
    let pool = builder(&Gate::default()).build().unwrap();
    let one = pool.tenant("probe");
    one.warm_up().unwrap();
    let each = pool.metrics().memory;
    drop((one, pool));
    let pool = builder(&Gate::default()).memory(each * 5).build().unwrap();
    let rules = (0..12).map(|n| {
        let rule = pool.tenant(&format!("t{n}")).load::<dyn Rule>(rule("return ++calls;")).unwrap();
        assert_eq!(rule.price(0.0).unwrap(), 1.0);
        rule
    });
    let rules = rules.collect::<Vec<_>>();
    let metrics = pool.metrics();
    assert!(metrics.sandboxes <= 6, "{metrics:?}");
    assert!(metrics.evicted >= 6, "{metrics:?}");
    assert!(metrics.memory <= each * 6, "{metrics:?}");
    assert_eq!(rules[11].price(0.0).unwrap(), 2.0, "the last one is still there");
    assert_eq!(rules[0].price(0.0).unwrap(), 1.0, "the first one went, and came back");
}

#[tokio::test]
async fn when_all_the_memory_is_in_use_no_other_sandbox_is_made() {
    let gate = Gate::default();
    let most = 4 << 20;
    let pool = builder(&gate).memory(most).build().unwrap();
    let mut calls = Vec::new();
    while pool.metrics().memory <= most {
        let held = pool.tenant(&format!("held{}", calls.len()));
        let held = held.load_async::<dyn Job>(job("return await Shop.wait();")).await.unwrap();
        calls.push(tokio::spawn(async move { held.run("").await }));
        gate.entered.notified().await;
    }
    let refused = pool.tenant("more").warm_up_async().await;
    assert!(matches!(&refused, Err(Error::Overloaded { tenant, .. }) if tenant == "more"), "{refused:?}");
    gate.open.add_permits(calls.len());
    for (nth, call) in calls.into_iter().enumerate() {
        assert_eq!(call.await.unwrap().unwrap(), format!("held{nth}"));
    }
    pool.tenant("more").warm_up_async().await.unwrap();
}

#[tokio::test]
async fn one_call_too_many_of_a_tenant_is_refused_at_once() {
    let gate = Gate::default();
    let pool = builder(&gate).queue(3).build().unwrap();
    let tenant = pool.tenant("a");
    let held = tenant.load_async::<dyn Job>(job("return await Shop.wait();")).await.unwrap();
    let calls = (0..3).map(|_| {
        let held = held.clone();
        tokio::spawn(async move { held.run("").await })
    });
    let calls = calls.collect::<Vec<_>>();
    while pool.metrics().waiting < 3 {
        tokio::task::yield_now().await;
    }
    for _ in 0..100 {
        match held.run("").await {
            Err(Error::Overloaded { tenant, reason, .. }) => {
                assert_eq!(
                    (&*tenant, &*reason),
                    ("a", "3 of its calls wait or are under way, and `queue` allows no more")
                );
            }
            other => panic!("{other:?}"),
        }
    }
    let other = pool.tenant("b").load_async::<dyn Job>(job("return 'b';")).await.unwrap();
    assert_eq!(other.run("").await.unwrap(), "b", "another tenant has a queue of its own");
    gate.open.add_permits(3);
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap(), "a");
    }
    gate.open.add_permits(1);
    assert_eq!(held.run("").await.unwrap(), "a");
    assert_eq!(pool.metrics().overloaded, 100);
}

/// Occupies the only thread until the test has met the guest a second time.
fn occupied(pool: &SandboxPool, gate: &Gate) -> (Arc<Barrier>, std::thread::JoinHandle<Result<f64>>) {
    let busy = pool.tenant("busy").load::<dyn Rule>(rule("Shop.pass(); return 1;")).unwrap();
    let barrier = Arc::new(Barrier::new(2));
    *gate.meet.lock().unwrap() = Some(barrier.clone());
    let call = std::thread::spawn(move || busy.price(0.0));
    barrier.wait();
    *gate.meet.lock().unwrap() = None;
    (barrier, call)
}

#[test]
fn a_call_whose_turn_does_not_come_is_refused_in_time_and_was_not_made() {
    let gate = Gate::default();
    let pool = SandboxPool::builder()
        .limits(limits())
        .threads(1)
        .patience(Duration::from_millis(50))
        .host::<dyn Shop>({
            let gate = gate.clone();
            move |tenant| Box::new(Host(tenant.to_owned(), gate.clone()))
        })
        .build()
        .unwrap();
    let sync = pool.tenant("a").load::<dyn Rule>(rule("return ++calls;")).unwrap();
    let task = pool
        .tenant("b")
        .load::<dyn Job>(job("globalThis.n = (globalThis.n ?? 0) + 1; return `${n}`;"))
        .unwrap();
    let (barrier, busy) = occupied(&pool, &gate);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for _ in 0..3 {
        let late = sync.price(0.0);
        assert!(
            matches!(&late, Err(Error::Overloaded { reason, .. }) if reason.contains("50 ms")),
            "{late:?}"
        );
        let late = runtime.block_on(task.run(""));
        assert!(matches!(&late, Err(Error::Overloaded { .. })), "{late:?}");
    }
    barrier.wait();
    assert_eq!(busy.join().unwrap().unwrap(), 1.0);
    assert_eq!(sync.price(0.0).unwrap(), 1.0);
    assert_eq!(runtime.block_on(task.run("")).unwrap(), "1");
    assert_eq!(pool.metrics().waiting, 0);
}

#[test]
fn a_flood_of_one_tenant_does_not_delay_another() {
    let gate = Gate::default();
    let pool = builder(&gate).queue(1000).build().unwrap();
    let flood = pool.tenant("flood").load::<dyn Job>(job("return 'f';")).unwrap();
    let quick = pool.tenant("quick").load::<dyn Rule>(rule("return 1;")).unwrap();
    let (barrier, busy) = occupied(&pool, &gate);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let order = Arc::new(Mutex::new(Vec::new()));
    runtime.block_on(async {
        let calls = (0..500).map(|_| {
            let (flood, order) = (flood.clone(), order.clone());
            tokio::spawn(async move {
                flood.run("").await.unwrap();
                order.lock().unwrap().push("flood");
            })
        });
        let calls = calls.collect::<Vec<_>>();
        while pool.metrics().waiting < 501 {
            tokio::task::yield_now().await;
        }
        let (own, marked) = (order.clone(), quick.clone());
        let quick = tokio::task::spawn_blocking(move || {
            marked.price(0.0).unwrap();
            own.lock().unwrap().push("quick");
        });
        while pool.metrics().waiting < 502 {
            tokio::task::yield_now().await;
        }
        barrier.wait();
        quick.await.unwrap();
        for call in calls {
            call.await.unwrap();
        }
    });
    busy.join().unwrap().unwrap();
    let order = order.lock().unwrap();
    let at = order.iter().position(|who| *who == "quick").unwrap();
    assert!(at < 250, "the flood's calls are served in turn with it, not before it: {at}");
}

#[test]
fn tenants_that_are_slow_are_served_elsewhere_and_come_back() {
    // The processor's time ends the call: other work of the machine takes none of it.
    let limits = Limits { cpu: Duration::from_secs(2), ..limits() };
    let pool = builder(&Gate::default()).limits(limits).cooldown(Duration::from_secs(3)).build().unwrap();
    let rule =
        pool.tenant("a").load::<dyn Rule>(rule("if (quantity < 0) for (;;) {} return ++calls;")).unwrap();
    assert_eq!(rule.price(1.0).unwrap(), 1.0);
    let ended = rule.price(-1.0);
    assert!(matches!(ended, Err(Error::Limit { kind: LimitKind::Cpu, .. })), "{ended:?}");
    assert_eq!((pool.metrics().slow_tenants, pool.metrics().moved), (1, 1), "at once, with all that waits");
    assert_eq!(rule.price(1.0).unwrap(), 1.0, "another thread has another sandbox");
    assert_eq!(pool.metrics().moved, 1);
    let began = Instant::now();
    while pool.metrics().slow_tenants > 0 {
        assert!(began.elapsed() < LONG);
        std::thread::yield_now();
    }
    assert_eq!(rule.price(1.0).unwrap(), 1.0, "and back");
    assert_eq!(pool.metrics().moved, 2);
    let began = Instant::now();
    while pool.metrics().sandboxes > 1 {
        assert!(began.elapsed() < LONG, "the others are gone");
        std::thread::yield_now();
    }
}

/// A call that the host keeps beyond its limit is no fault of its tenant, and one that loops is.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_host_is_not_held_against_its_tenant() {
    let limits = Limits { wall: Duration::from_secs(1), ..limits() };
    let gate = Gate::default();
    let pool = builder(&gate).limits(limits).cooldown(LONG).build().unwrap();
    let source =
        job("if (input === 'host') await Shop.wait(); if (input === 'pass') Shop.pass(); for (;;) {}");
    let rule = again(|| pool.tenant("a").load::<dyn Job>(source.clone())).unwrap();
    let ended = async |input: &str| match rule.run(input).await {
        Err(Error::Limit { kind: LimitKind::Wall, excess, .. }) => {
            (excess.phase, pool.metrics().slow_tenants)
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(ended("host").await, (Some(Phase::AwaitsHost), 0));
    let barrier = Arc::new(Barrier::new(2));
    *gate.meet.lock().unwrap() = Some(barrier.clone());
    let host = std::thread::spawn(move || {
        barrier.wait();
        // Longer than the call may take.
        std::thread::sleep(Duration::from_secs(2));
        barrier.wait();
    });
    assert_eq!(ended("pass").await, (Some(Phase::InHost), 0));
    host.join().unwrap();
    let (phase, slow) = ended("loop").await;
    assert!(matches!(phase, Some(Phase::Running | Phase::Starved)), "{phase:?}");
    assert_eq!(slow, 1);
}

#[test]
fn a_call_that_waits_in_vain_on_a_slow_thread_is_not_held_against_its_tenant() {
    let limits = Limits { wall: Duration::from_secs(2), ..Limits::default() };
    let pool = builder(&Gate::default()).limits(limits).probation(2).build().unwrap();
    let waits = job("return input === '' ? new Promise(() => {}) : input;");
    // A slow thread has the lowest priority, and waits for all other work.
    let rule = again(|| pool.tenant("a").load::<dyn Job>(waits.clone())).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let ended = runtime.block_on(rule.run(""));
    assert!(matches!(ended, Err(Error::Limit { kind: LimitKind::Wall, .. })), "{ended:?}");
    assert_eq!(pool.metrics().slow_tenants, 1, "it is on probation");
    assert_eq!(runtime.block_on(again_async(async || rule.run("a").await)).unwrap(), "a");
    assert_eq!(pool.metrics().slow_tenants, 0, "nothing else is known of it");
}

#[test]
fn realms_share_a_heap_where_all_are_one_tenant() {
    let gate = Gate::default();
    let pool = builder(&gate).trust(Trust::SameTenant).build().unwrap();
    let body = "if (quantity < 0) { const all = []; for (;;) all.push(new Array(1000).fill(all.length)); } return (globalThis.n = (globalThis.n ?? 0) + 1);";
    let rules = (0..10).map(|n| pool.tenant(&format!("rule{n}")).load::<dyn Rule>(rule(body)).unwrap());
    let rules = rules.collect::<Vec<_>>();
    for round in 1..=2 {
        for rule in &rules {
            assert_eq!(rule.price(1.0).unwrap(), f64::from(round), "each has a global of its own");
        }
    }
    assert_eq!(gate.made.load(Ordering::SeqCst), 1, "one isolate, and one host");
    assert_eq!(pool.metrics().created, 10);
    let full = rules[0].price(-1.0);
    assert!(matches!(full, Err(Error::Limit { kind: LimitKind::Heap, .. })), "{full:?}");
    for rule in &rules {
        assert_eq!(rule.price(1.0).unwrap(), 1.0, "a shared fate, and a fresh realm");
    }
}

#[test]
fn what_cannot_be_built_says_why() {
    let refused = |builder: sandbox_runtime::Builder<SandboxPool>| match builder.build().map(drop) {
        Err(Error::Build { reason, .. }) => reason,
        other => panic!("{other:?}"),
    };
    assert!(refused(SandboxPool::builder().trust(Trust::Hostile)).contains("process::init()"));
    assert!(refused(SandboxPool::builder().threads(0)).contains("must be at least 1"));
    assert!(refused(SandboxPool::builder().queue(0)).contains("must be at least 1"));
    let reason = refused(SandboxPool::builder().memory((1 << 20) - 1));
    assert!(
        reason.starts_with("`memory` of a pool must be at least ")
            && reason.ends_with("and is 1,048,575 bytes")
    );
    let limits = Limits { wall: Duration::ZERO, ..Limits::default() };
    assert!(refused(SandboxPool::builder().limits(limits)).contains("wall"));
    let twice = SandboxPool::builder()
        .host::<dyn Shop>(|tenant| Box::new(Host(tenant.to_owned(), Gate::default())))
        .host::<dyn Shop>(|tenant| Box::new(Host(tenant.to_owned(), Gate::default())));
    let pool = twice.build().unwrap();
    let first = pool.tenant("a").warm_up();
    assert!(
        matches!(&first, Err(Error::Build { reason, .. }) if reason.contains("hosted twice") || reason.contains("two contracts")),
        "{first:?}"
    );
}

#[test]
fn durations_without_end_are_no_bounds() {
    let pool = builder(&Gate::default()).slow(Duration::MAX).patience(Duration::MAX).cooldown(Duration::MAX);
    let pool = pool.idle(Duration::MAX).build().unwrap();
    let rule = pool.tenant("a").load::<dyn Rule>(rule("return ++calls;")).unwrap();
    assert_eq!(rule.price(0.0).unwrap(), 1.0);
    assert_eq!(rule.price(0.0).unwrap(), 2.0);
}

#[test]
fn a_host_factory_that_panics_is_an_error_of_the_call() {
    let pool = SandboxPool::builder()
        .patience(LONG)
        .threads(1)
        .host::<dyn Shop>(|tenant| {
            assert!(tenant != "bad", "no such tenant");
            Box::new(Host(tenant.to_owned(), Gate::default()))
        })
        .build()
        .unwrap();
    let bad = pool.tenant("bad").warm_up();
    assert!(
        matches!(&bad, Err(Error::Build { reason, .. }) if reason.contains("panicked while it made an implementation for the tenant `bad`")),
        "{bad:?}"
    );
    pool.tenant("good").warm_up().unwrap();
    assert_eq!(pool.metrics().waiting, 0);
}

#[test]
fn a_tenant_has_a_console_of_its_own() {
    let pool = builder(&Gate::default()).console(Console::Capture).build().unwrap();
    for key in ["a", "b"] {
        pool.tenant(key)
            .load::<dyn Rule>(Script::new(
                "a.js",
                format!("console.log('{key}'); export const price = () => 1;"),
            ))
            .unwrap();
    }
    for key in ["a", "b"] {
        let lines = pool.tenant(key).take_console().lines;
        assert_eq!(lines.iter().map(|line| &*line.text).collect::<Vec<_>>(), [key]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_call_frees_its_place_and_stops() {
    let gate = Gate::default();
    let pool = builder(&gate).queue(1).build().unwrap();
    let job = pool
        .tenant("a")
        .load_async::<dyn Job>(job("return input ? await Shop.wait() : 'next';"))
        .await
        .unwrap();
    for _ in 0..20 {
        let call = tokio::spawn({
            let job = job.clone();
            async move { job.run("wait").await }
        });
        gate.entered.notified().await;
        call.abort();
        _ = call.await;
        while pool.metrics().waiting > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(job.run("").await.unwrap(), "next");
    }
}

#[tokio::test]
async fn calls_of_hosts_find_other_tenants() {
    type Proxies = Arc<Mutex<HashMap<String, JobProxy<sandbox_runtime::Pooled>>>>;
    #[sandbox_api(host)]
    trait Ask: Send + Sync {
        async fn ask(&self, tenant: &str, input: &str) -> Result<String>;
    }
    struct Asks(Proxies);
    #[sandbox_api]
    impl Ask for Asks {
        async fn ask(&self, tenant: &str, input: &str) -> Result<String> {
            let job = self.0.lock().unwrap().get(tenant).cloned();
            job.ok_or_else(|| Error::public("nobody"))?.run(input).await
        }
    }
    let proxies = Proxies::default();
    let own = proxies.clone();
    let pool = SandboxPool::builder()
        .limits(limits())
        .patience(LONG)
        .threads(2)
        .host::<dyn Ask>(move |_| Box::new(Asks(own.clone())))
        .build()
        .unwrap();
    let body = "const n = Number(input); return n > 0 ? n + '.' + await Ask.ask(n % 2 ? 'a' : 'b', `${n - 1}`) : 'end';";
    for key in ["a", "b"] {
        let job = pool.tenant(key).load_async::<dyn Job>(job(body)).await.unwrap();
        proxies.lock().unwrap().insert(key.to_owned(), job);
    }
    let a = proxies.lock().unwrap()["a"].clone();
    assert_eq!(a.run("10").await.unwrap(), "10.9.8.7.6.5.4.3.2.1.end");
    // The proxies hold the pool, and the pool's hosts the proxies.
    proxies.lock().unwrap().clear();
}

/// Marks all that it reaches, and counts the marks that it finds before.
const MARKS: &str = "export function price() {
    let found = 0;
    const seen = new Set(), queue = [globalThis];
    for (const key of ['other']) if (Symbol.for(key).description !== key) found++;
    while (queue.length > 0) {
        const object = queue.pop();
        if ((typeof object !== 'object' && typeof object !== 'function') || object === null || seen.has(object)) continue;
        seen.add(object);
        try { if (Object.hasOwn(object, 'mark')) found++; object.mark = 1; } catch {}
        queue.push(Object.getPrototypeOf(object));
        for (const key of Reflect.ownKeys(object)) {
            const { value, get, set } = Reflect.getOwnPropertyDescriptor(object, key);
            queue.push(value, get, set);
        }
    }
    return found + seen.size / 1e6;
}";

#[test]
fn nothing_of_a_tenant_is_left_for_another_or_for_itself_later() {
    for trust in [Trust::SameTenant, Trust::Tenants] {
        let pool = builder(&Gate::default()).trust(trust).threads(1).build().unwrap();
        let marks = |key: &str| {
            let rule = pool.tenant(key).load::<dyn Rule>(Script::new("marks.js", MARKS)).unwrap();
            let found = rule.price(0.0).unwrap();
            assert!(found.fract() > 500.0 / 1e6, "it reached its intrinsics: {found}");
            found.trunc()
        };
        assert_eq!(marks("a"), 0.0);
        assert!(marks("a") > 500.0, "its own marks it finds");
        assert_eq!(marks("b"), 0.0, "{trust:?}");
    }
    let pool = builder(&Gate::default()).idle(Duration::from_millis(20)).build().unwrap();
    let rule = pool.tenant("a").load::<dyn Rule>(Script::new("marks.js", MARKS)).unwrap();
    rule.price(0.0).unwrap();
    let began = Instant::now();
    while pool.metrics().sandboxes > 0 {
        assert!(began.elapsed() < LONG);
        std::thread::yield_now();
    }
    assert_eq!(rule.price(0.0).unwrap().trunc(), 0.0, "it came back to a fresh one");
}

/// Keeps the fields of spans.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<HashMap<String, String>>>>);

impl tracing::Subscriber for Spans {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.is_span() && metadata.name() == "sandbox_call"
    }
    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        let mut fields = Fields(HashMap::new());
        span.record(&mut fields);
        let mut spans = self.0.lock().unwrap();
        spans.push(fields.0);
        tracing::span::Id::from_u64(spans.len() as u64)
    }
    fn record(&self, span: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        let mut fields = Fields(HashMap::new());
        values.record(&mut fields);
        self.0.lock().unwrap()[span.into_u64() as usize - 1].extend(fields.0);
    }
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, _: &tracing::Event<'_>) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

struct Fields(HashMap<String, String>);

impl tracing::field::Visit for Fields {
    fn record_str(&mut self, field: &tracing::field::Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

#[test]
fn a_call_has_a_span_that_says_whose_it_was_and_how_it_went() {
    let spans = Spans::default();
    // The pool's threads are others than this one.
    tracing::subscriber::set_global_default(spans.clone()).unwrap();
    let pool = builder(&Gate::default()).build().unwrap();
    let tenant = pool.tenant("span-test");
    let sync =
        tenant.load::<dyn Rule>(rule("if (quantity > 1) throw new Error('no'); return quantity;")).unwrap();
    let task = tenant.load::<dyn Job>(job("return input ? 5 : '';")).unwrap();
    sync.price(1.0).unwrap();
    sync.price(2.0).unwrap_err();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(task.run("")).unwrap();
    runtime.block_on(task.run("x")).unwrap_err();
    let seen = spans.0.lock().unwrap();
    let of_calls = seen.iter().filter(|span| span["tenant"] == "span-test" && !span["method"].is_empty());
    let calls =
        of_calls.map(|span| [&*span["contract"], &*span["method"], &*span["outcome"]]).collect::<Vec<_>>();
    assert_eq!(
        calls,
        [["Rule", "price", "ok"], ["Rule", "price", "guest"], ["Job", "run", "ok"], ["Job", "run", "value"]]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wait_for_a_thread_that_another_holds_is_not_time_of_a_call() {
    let gate = Gate::default();
    let wall = Duration::from_secs(5);
    let pool = builder(&gate).limits(Limits { wall, ..limits() }).build().unwrap();
    let waits = pool.tenant("a").load_async::<dyn Job>(job("return await Shop.wait();")).await.unwrap();
    let (rule, late) = (waits.clone(), waits.clone());
    let call = tokio::spawn(async move { rule.run("").await });
    gate.entered.notified().await;
    let end = tokio::time::Instant::now() + wall;
    let late = tokio::spawn(async move { late.run("").await });
    gate.entered.notified().await;
    let (own, held) = (pool.clone(), gate.clone());
    let (barrier, busy) = tokio::task::spawn_blocking(move || occupied(&own, &held)).await.unwrap();
    // The first has its answer while another tenant holds the thread, the second has none.
    gate.open.add_permits(1);
    tokio::time::sleep_until(end + wall).await;
    tokio::task::spawn_blocking(move || (barrier.wait(), busy.join())).await.unwrap().1.unwrap().ok();
    assert_eq!(call.await.unwrap().unwrap(), "a");
    let ended = late.await.unwrap();
    assert!(matches!(ended, Err(Error::Limit { kind: LimitKind::Wall, .. })), "{ended:?}");
    gate.open.add_permits(100);
    assert_eq!(again_async(async || waits.run("").await).await.unwrap(), "a");
}
