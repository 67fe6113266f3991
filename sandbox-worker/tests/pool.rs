//! A pool whose tenants have processes.

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::time::Duration;

use sandbox_runtime::{
    Builder, Error, LimitKind, Limits, Phase, Result, SandboxPool, Script, Trust, sandbox_api,
};
use slack::{LONG, long, worker};

mod slack;

fn builder() -> Builder<SandboxPool> {
    // A slow thread has what processor other work leaves, so a tenant whose call was ended is not there for long.
    let builder = SandboxPool::builder().cooldown(Duration::from_millis(1));
    builder.trust(Trust::Hostile).transport(worker()).limits(long()).patience(LONG).slow(LONG)
}

#[sandbox_api(guest)]
pub trait Rule {
    fn price(&self, n: f64) -> Result<f64>;
    async fn later(&self, n: f64) -> Result<String>;
}

#[sandbox_api(host)]
pub trait Shop {
    fn name(&self) -> String;
    async fn wait(&self) -> String;
    async fn never(&self);
}

#[sandbox_runtime::async_trait]
impl Shop for String {
    fn name(&self) -> String {
        self.clone()
    }

    async fn wait(&self) -> String {
        tokio::time::sleep(Duration::from_millis(1)).await;
        format!("{self}!")
    }

    async fn never(&self) {
        std::future::pending().await
    }
}

fn script(factor: u32) -> Script {
    Script::new(
        "rule.js",
        format!(
            "let calls = 0;
            export const price = (n) => {{
                if (n < 0) {{ const a = []; a.length = 2 ** 26; a.fill(0.5).map((x) => ({{ x }})); }}
                calls += 1;
                return n * {factor} + Shop.name().length * 1000 + calls / 100;
            }};
            export const later = async (n) => (await Shop.wait()) + n;"
        ),
    )
}

#[test]
fn each_tenant_has_a_process_and_one_that_dies_is_another_at_the_next_call() {
    let pool = builder().host::<dyn Shop>(|tenant| Box::new(tenant.to_owned())).build().unwrap();
    let (a, b) = (pool.tenant("a"), pool.tenant("bb"));
    let (first, second) = (a.load::<dyn Rule>(script(2)).unwrap(), b.load::<dyn Rule>(script(3)).unwrap());
    assert_eq!((first.price(1.0).unwrap(), second.price(1.0).unwrap()), (1002.01, 2003.01));
    assert_eq!(pool.metrics().sandboxes, 2);
    assert!(pool.metrics().memory > 2 << 20, "{:?}", pool.metrics());
    let error = first.price(-1.0).unwrap_err();
    assert!(matches!(error, Error::Process { .. } | Error::Limit { .. }), "{error}");
    assert_eq!(first.price(1.0).unwrap(), 1002.01, "its variables are new");
    assert_eq!(second.price(1.0).unwrap(), 2003.02, "nothing has happened to it");
    assert_eq!(pool.metrics().discarded, 1);
    assert!(a.usage().total.cpu > Duration::from_millis(20), "{:?}", a.usage());
    drop((first, second));
}

#[test]
fn hosts_of_a_pool_that_was_built_outside_of_a_runtime_have_timers() {
    let pool = builder().host::<dyn Shop>(|tenant| Box::new(tenant.to_owned())).build().unwrap();
    let rule = pool.tenant("ada").load::<dyn Rule>(script(1)).unwrap();
    // The caller's runtime has no timers, so the timers are those of the crate.
    let caller = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(caller.block_on(rule.later(3.0)).unwrap(), "ada!3");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_can_be_awaited() {
    let pool = builder().host::<dyn Shop>(|tenant| Box::new(tenant.to_owned())).build().unwrap();
    let rule = pool.tenant("ada").load_async::<dyn Rule>(script(1)).await.unwrap();
    assert_eq!(rule.later(3.0).await.unwrap(), "ada!3");
}

/// A call that the host keeps beyond its limit is no fault of its tenant, and one that loops is.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_host_is_not_held_against_its_tenant() {
    let limits = Limits { wall: Duration::from_secs(2), ..long() };
    let pool = builder().limits(limits).cooldown(LONG).host::<dyn Shop>(|tenant| Box::new(tenant.to_owned()));
    let pool = pool.build().unwrap();
    let source = "export const price = (n) => n;
        export const later = async (n) => { if (n > 0) await Shop.never(); for (;;); };";
    let rule = pool.tenant("a").load_async::<dyn Rule>(Script::new("rule.mjs", source)).await.unwrap();
    for (n, awaits_host) in [(1.0, true), (-1.0, false)] {
        let error = rule.later(n).await.unwrap_err();
        let Error::Limit { kind: LimitKind::Wall, excess, .. } = &error else { panic!("{error:?}") };
        assert_eq!(excess.phase == Some(Phase::AwaitsHost), awaits_host, "{error}");
        assert_eq!(pool.metrics().slow_tenants, usize::from(!awaits_host), "{error}");
    }
}

#[test]
fn a_process_is_replaced_after_so_many_calls() {
    let pool = builder().recycle(10, None).threads(1);
    let pool = pool.host::<dyn Shop>(|tenant| Box::new(tenant.to_owned())).build().unwrap();
    let rule = pool.tenant("a").load::<dyn Rule>(script(0)).unwrap();
    let calls =
        (0..30).map(|_| (rule.price(0.0).unwrap() * 100.0).round() as u64 % 1000).collect::<BTreeSet<_>>();
    assert!(calls.len() < 11 && calls.len() >= 8, "{calls:?}");
    assert!(pool.metrics().created >= 3, "{:?}", pool.metrics());
}

/// The scripts of one tenant: each key has a realm, and those of a thread share a process.
#[test]
fn keys_of_one_tenant_share_a_process() {
    let pool = builder().trust(Trust::SameTenant).threads(1);
    let pool = pool.host::<dyn Shop>(|tenant| Box::new(tenant.to_owned())).build().unwrap();
    let memory = || pool.metrics().memory;
    let first = pool.tenant("first").load::<dyn Rule>(script(2)).unwrap();
    assert_eq!(first.price(1.0).unwrap(), 2.01, "one host for all, with no key");
    let alone = memory();
    assert!(alone > 2 << 20, "{alone}");
    let others = (0..8).map(|n| pool.tenant(&n.to_string()).load::<dyn Rule>(script(n)).unwrap());
    let others = others.collect::<Vec<_>>();
    assert_eq!(others[3].price(1.0).unwrap(), 3.01, "its variables are its own");
    // What is shared is looked at now and then.
    for _ in 0..40 {
        others.iter().for_each(|rule| assert!(rule.price(1.0).unwrap() < 8.0));
        first.price(1.0).unwrap();
    }
    assert_eq!(pool.metrics().sandboxes, 9);
    assert!(memory() < alone * 3, "{} and {alone}", memory());
    // And a process that ends is the end of all of them.
    let error = others[0].price(-1.0).unwrap_err();
    assert!(matches!(error, Error::Process { .. } | Error::Limit { .. }), "{error}");
    assert_eq!(first.price(1.0).unwrap(), 2.01, "its variables are new");
    assert_eq!(others[0].price(1.0).unwrap(), 0.01);
}

#[test]
fn a_process_of_several_keys_is_replaced() {
    let pool = builder().trust(Trust::SameTenant).threads(1).recycle(20, None);
    let pool = pool.host::<dyn Shop>(|tenant| Box::new(tenant.to_owned())).build().unwrap();
    let rules =
        (0..3).map(|n| pool.tenant(&n.to_string()).load::<dyn Rule>(script(0)).unwrap()).collect::<Vec<_>>();
    let calls = (0..90).map(|n| (rules[n % 3].price(0.0).unwrap() * 100.0).round() as u64);
    let calls = calls.collect::<BTreeSet<_>>();
    // Of twenty calls, some load scripts and make realms, and a third of the others is of one key.
    assert!((3..=7).contains(calls.last().unwrap()), "{calls:?}");
}

#[test]
fn processes_without_a_level_of_trust_are_one_for_each_tenant() {
    let pool = builder().trust(Trust::default()).host::<dyn Shop>(|tenant| Box::new(tenant.to_owned()));
    let pool = pool.build().unwrap();
    let (first, second) = (pool.tenant("a"), pool.tenant("bb"));
    let (first, second) =
        (first.load::<dyn Rule>(script(2)).unwrap(), second.load::<dyn Rule>(script(3)).unwrap());
    assert_eq!((first.price(1.0).unwrap(), second.price(1.0).unwrap()), (1002.01, 2003.01));
    let error = first.price(-1.0).unwrap_err();
    assert!(matches!(error, Error::Process { .. } | Error::Limit { .. }), "{error}");
    assert_eq!(first.price(1.0).unwrap(), 1002.01, "its variables are new");
    assert_eq!(second.price(1.0).unwrap(), 2003.02, "nothing has happened to it");
}

#[test]
fn processes_are_replaced_only_where_there_are_some() {
    let recycled = SandboxPool::builder().recycle(10, 1 << 30);
    let same = SandboxPool::builder().trust(Trust::SameTenant).recycle(10, 1 << 30);
    for pool in [recycled, same] {
        let error = pool.build().map(drop).unwrap_err();
        assert!(matches!(&error, Error::Build { reason, .. } if reason.contains("transport")), "{error}");
    }
}

/// The engine's own threads are of the processes: a program none of whose guests run in it has no engine to lose. None of this
/// file's do.
#[cfg(target_os = "linux")]
#[test]
fn a_program_whose_guests_are_elsewhere_starts_no_engine() {
    for trust in [Trust::Hostile, Trust::SameTenant] {
        let pool =
            builder().trust(trust).host::<dyn Shop>(|tenant| Box::new(tenant.to_owned())).build().unwrap();
        let rule = pool.tenant("a").load::<dyn Rule>(script(0)).unwrap();
        rule.price(0.0).unwrap();
        let names = std::fs::read_dir("/proc/self/task").unwrap().map(|thread| {
            let name = std::fs::read_to_string(thread.unwrap().path().join("comm"));
            name.unwrap_or_default()
        });
        let names = names.collect::<Vec<_>>();
        assert!(names.iter().any(|name| name.starts_with("sandbox-pool")), "{names:?}");
        assert!(!names.iter().any(|name| name.starts_with("V8")), "{names:?}");
    }
}
