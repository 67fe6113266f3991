//! Calls of a pool's tenants, whose processes one thread drives.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::time::Instant;

use sandbox_runtime::{Builder, Error, LimitKind, Limits, Result, SandboxPool, Script, Trust};
use tokio::task::{spawn, spawn_blocking};

use crate::guest::{Ask, Flow, Host, Net, SOURCE};
use crate::slack::{LONG, long, worker};

/// A pool of one thread, and what all its tenants have for a host.
fn pool(trust: Trust, limits: Limits) -> (Host, Builder<SandboxPool>) {
    let host = Host::new();
    let own = host.clone();
    let pool =
        SandboxPool::builder().trust(trust).threads(1).limits(limits).patience(LONG).transport(worker());
    (host, pool.host::<dyn Net>(move |_| Box::new(own.clone())))
}

/// One thread has the tenants of a pool, and all of them wait at once.
#[tokio::test(flavor = "multi_thread")]
async fn tenants_of_one_thread_wait_together() {
    for trust in [Trust::Hostile, Trust::SameTenant] {
        let (host, pool) = pool(trust, long());
        let pool = pool.build().unwrap();
        let mut flows = Vec::new();
        for key in ["a", "b", "c"] {
            flows.push(
                pool.tenant(key).load_async::<dyn Flow>(Script::new("flow.mjs", SOURCE)).await.unwrap(),
            );
        }
        for _ in 0..3 {
            let all = futures_util::future::join_all(flows.iter().map(|flow| flow.run(1))).await;
            assert!(all.iter().all(Result::is_ok), "{all:?}");
        }
        // What computes on another tenant's turn ends, and one whose caller has gone.
        let gone = tokio::time::timeout(Duration::from_millis(50), flows[1].run(2)).await;
        assert!(gone.is_err());
        host.holds(0).await;
        let error =
            flows[0].with_deadline(Instant::now() + Duration::from_millis(50)).run(2).await.unwrap_err();
        assert!(matches!(error, Error::Limit { kind: LimitKind::Deadline, .. }), "{error}");
        assert_eq!(flows[2].run(0).await.unwrap(), 4);
        nothing_waits(&pool).await;
    }
}

/// A guest that ends its process ends its own calls, and nobody's else.
#[cfg(not(feature = "quickjs"))]
#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_tenants_process_is_its_own() {
    let (host, pool) = pool(Trust::Hostile, long());
    let pool = pool.build().unwrap();
    let load = async |key: &str| {
        let flow = pool.tenant(key).load_async::<dyn Flow>(Script::new("flow.mjs", SOURCE)).await.unwrap();
        Arc::new(flow)
    };
    let (killer, other) = (load("a").await, load("b").await);
    for turn in 1..4 {
        let waits = [&killer, &other].map(|flow| {
            let flow = flow.clone();
            spawn(async move { flow.run(3).await })
        });
        host.holds(2).await;
        let error = killer.run(10).await.unwrap_err();
        assert!(matches!(error, Error::Process { .. }), "{error:?}");
        host.holds(1).await;
        host.gate.notify_waiters();
        let [killed, waited] = waits;
        assert!(matches!(killed.await.unwrap().unwrap_err(), Error::Process { .. }));
        assert_eq!(waited.await.unwrap().unwrap(), turn);
        // Whose time is up is told that, so somebody looks.
        let short = other.with_deadline(Instant::now() + Duration::from_millis(30));
        let error = short.run(2).await.unwrap_err();
        assert!(matches!(error, Error::Limit { kind: LimitKind::Deadline, .. }), "{error}");
    }
    nothing_waits(&pool).await;
}

/// A call that has ended is taken out of its queue by a thread of the pool, when that thread has a turn.
async fn nothing_waits(pool: &SandboxPool) {
    let emptied = async {
        while pool.metrics().waiting > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(LONG, emptied).await.expect("no call is left in a queue");
}

/// A call that waits has its process until it is over; others have the next one meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_is_replaced_while_a_call_waits() {
    let (host, pool) = pool(Trust::Hostile, long());
    let pool = pool.recycle(6, 1 << 40).build().unwrap();
    let flow = pool.tenant("a").load_async::<dyn Flow>(Script::new("flow.mjs", SOURCE)).await.unwrap();
    let flow = Arc::new(flow);
    let waits = spawn({
        let flow = flow.clone();
        async move { flow.run(3).await }
    });
    host.holds(1).await;
    let mut counts = Vec::new();
    for _ in 0..12 {
        counts.push(flow.run(0).await.unwrap());
    }
    // To load counts as two.
    assert_eq!(counts, [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4]);
    host.gate.notify_one();
    assert_eq!(waits.await.unwrap().unwrap(), 5, "in the first one");
}

/// Nobody awaits them, and their tenant has another process.
#[tokio::test(flavor = "multi_thread")]
async fn calls_are_billed_that_end_after_their_process_was_replaced() {
    for trust in [Trust::Hostile, Trust::SameTenant] {
        let (host, pool) = pool(trust, long());
        let pool = pool.recycle(6, 1 << 40).build().unwrap();
        let tenant = pool.tenant("a");
        let flow = tenant.load_async::<dyn Flow>(Script::new("flow.mjs", SOURCE)).await.unwrap();
        let flow = Arc::new(flow);
        let rounds = 8;
        for _ in 0..rounds {
            let waits = spawn({
                let flow = flow.clone();
                async move { flow.run(16).await }
            });
            host.holds(1).await;
            let created = pool.metrics().created;
            while pool.metrics().created == created {
                flow.run(0).await.unwrap();
            }
            waits.abort();
            host.holds(0).await;
        }
        let billed = async {
            while tenant.usage().total.host_calls != 6 * rounds {
                tokio::task::yield_now().await;
            }
        };
        let billed = tokio::time::timeout(LONG, billed).await;
        billed.unwrap_or_else(|_| panic!("{:?}", tenant.usage()));
    }
}

/// A tenant's calls are served on time or told that they were not, and nobody's process is ended, while another has their thread.
#[tokio::test(flavor = "multi_thread")]
async fn whose_thread_is_anothers_is_not_to_blame() {
    let (_, pool) = pool(Trust::Hostile, long());
    let pool = pool.slow(Duration::from_secs(60)).build().unwrap();
    let flow = pool.tenant("a").load_async::<dyn Flow>(Script::new("flow.mjs", SOURCE)).await.unwrap();
    let flow = Arc::new(flow);
    let other = pool.tenant("b").load_async::<dyn Ask>(Script::new("flow.mjs", LOOP)).await.unwrap();
    let other = Arc::new(other);
    let is_over = Arc::<AtomicBool>::default();
    let loops = spawn_blocking({
        let is_over = is_over.clone();
        move || {
            while !is_over.load(Ordering::SeqCst) {
                let short = other.with_deadline(Instant::now() + Duration::from_millis(400));
                let error = short.ask(0).unwrap_err();
                assert!(matches!(error, Error::Limit { .. } | Error::Overloaded { .. }), "{error:?}");
            }
        }
    });
    for _ in 0..12 {
        let call = flow.with_deadline(Instant::now() + Duration::from_millis(50));
        match call.run(12).await {
            Ok(10) | Err(Error::Limit { .. } | Error::Overloaded { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
    is_over.store(true, Ordering::SeqCst);
    loops.await.unwrap();
    assert_eq!(pool.metrics().discarded, 0);
}

/// The guest waits for the method, and the method for the thread.
#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_blocks_its_own_tenants_thread_is_told() {
    #[sandbox_runtime::sandbox_api(host)]
    trait Blocks {
        fn block(&self) -> Result<u32>;
    }
    #[derive(Clone, Default)]
    struct Blocking(Arc<std::sync::OnceLock<Arc<dyn Flow + Send + Sync>>>);
    impl Blocks for Blocking {
        fn block(&self) -> Result<u32> {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            match runtime.block_on(self.0.get().unwrap().run(0)) {
                Err(Error::Blocking { .. }) => Ok(77),
                other => other,
            }
        }
    }
    for trust in [Trust::Hostile, Trust::SameTenant] {
        let blocking = Blocking::default();
        let own = blocking.clone();
        let pool =
            SandboxPool::builder().trust(trust).threads(1).limits(long()).patience(LONG).transport(worker());
        let pool = pool.host::<dyn Blocks>(move |_| Box::new(own.clone())).build().unwrap();
        let source = "export const run = async (n) => n ? Blocks.block() : 0;";
        let flow = pool.tenant("a").load_async::<dyn Flow>(Script::new("blocks.mjs", source)).await.unwrap();
        let flow = Arc::new(flow);
        assert!(blocking.0.set(flow.clone()).is_ok());
        let began = Instant::now();
        assert_eq!(flow.run(1).await.unwrap(), 77);
        assert!(began.elapsed() < LONG / 2, "{:?}", began.elapsed());
    }
}

const LOOP: &str = "export const ask = () => { for (;;); };";
