//! A pool whose tenants have processes.

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::time::Duration;

use sandbox_runtime::process::Process;
use sandbox_runtime::{Builder, Error, Limits, Result, SandboxPool, Script, Trust, sandbox_api};

fn builder() -> Builder<SandboxPool> {
    let process = Process::new().program(env!("CARGO_BIN_EXE_sandbox-worker"));
    SandboxPool::builder().trust(Trust::Hostile).transport(process)
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
    let limits = Limits { wall: Duration::from_secs(1), ..Limits::default() };
    let pool =
        builder().limits(limits).host::<dyn Shop>(|tenant| Box::new(tenant.to_owned())).build().unwrap();
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

#[tokio::test(flavor = "multi_thread")]
async fn a_call_can_be_awaited() {
    let pool = builder().host::<dyn Shop>(|tenant| Box::new(tenant.to_owned())).build().unwrap();
    let rule = pool.tenant("ada").load_async::<dyn Rule>(script(1)).await.unwrap();
    assert_eq!(rule.later(3.0).await.unwrap(), "ada!3");
}

#[test]
fn a_process_is_replaced_after_so_many_calls() {
    let pool = builder().recycle(10, u64::MAX).threads(1);
    let pool = pool.host::<dyn Shop>(|tenant| Box::new(tenant.to_owned())).build().unwrap();
    let rule = pool.tenant("a").load::<dyn Rule>(script(0)).unwrap();
    let calls =
        (0..30).map(|_| (rule.price(0.0).unwrap() * 100.0).round() as u64 % 1000).collect::<BTreeSet<_>>();
    assert!(calls.len() < 11 && calls.len() >= 8, "{calls:?}");
    assert!(pool.metrics().created >= 3, "{:?}", pool.metrics());
}

#[test]
fn processes_are_for_hostile_tenants() {
    let process = || Process::new().program(env!("CARGO_BIN_EXE_sandbox-worker"));
    for pool in [SandboxPool::builder().transport(process()), SandboxPool::builder().recycle(10, 1 << 30)] {
        let error = pool.build().map(drop).unwrap_err();
        assert!(
            matches!(&error, Error::Build { reason, .. } if reason.contains("Trust::Hostile")),
            "{error}"
        );
    }
}
