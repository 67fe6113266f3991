//! Calls that go on beside each other, and synchronous ones between them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sandbox_runtime::{Limits, Result, Script};
use tokio::task::{JoinSet, spawn, spawn_blocking};

use crate::guest::{Ask, Count, Flow, Host, Net, SOURCE, builder, guest};
use crate::slack::{LONG, long};

/// The host answers none of three before all of them wait.
#[tokio::test(flavor = "multi_thread")]
async fn calls_wait_for_the_host_together() {
    let guest = guest(long()).await;
    let before = guest.sandbox.usage().total;
    for _ in 0..5 {
        let calls = [guest.begin(1), guest.begin(1), guest.begin(1)];
        for call in calls {
            call.await.unwrap().unwrap();
        }
    }
    assert_eq!(guest.count().await, 15);
    let after = guest.sandbox.usage().total;
    assert_eq!((after.calls - before.calls, after.host_calls - before.host_calls), (15 + 1, 15));
}

/// The same on the one thread of a runtime, where the callers are.
#[tokio::test]
async fn calls_of_one_task_wait_together() {
    let guest = guest(long()).await;
    let calls = (0..3).map(|_| guest.flow.run(1));
    let all = futures_util::future::join_all(calls).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_synchronous_call_has_its_turn_while_others_wait() {
    let guest = guest(long()).await;
    let gate = guest.begin(3);
    guest.host.holds(1).await;
    for _ in 0..50 {
        assert_eq!(guest.count().await, 0);
    }
    guest.host.gate.notify_one();
    assert_eq!(gate.await.unwrap().unwrap(), 1);
}

/// While the turn of another waits for the host, too: that goes on first.
#[tokio::test(flavor = "multi_thread")]
async fn calls_of_all_kinds_call_the_host() {
    let guest = guest(long()).await;
    let ask = guest.sandbox.load_async::<dyn Ask>(Script::new("ask.mjs", SOURCE)).await.unwrap();
    let ask = Arc::new(ask);
    let mut all = JoinSet::new();
    for nth in 0..6_u32 {
        let (flow, ask) = (guest.flow.clone(), ask.clone());
        match nth % 3 {
            0 => all.spawn_blocking(move || (0..200).for_each(|_| assert_eq!(ask.ask(20).unwrap(), 20))),
            _ => all.spawn(async move {
                for _ in 0..100 {
                    assert_eq!(flow.run(12).await.unwrap(), 10);
                }
            }),
        };
    }
    while let Some(over) = all.join_next().await {
        over.unwrap();
    }
}

/// A call inside of another is on its bill, once.
#[tokio::test(flavor = "multi_thread")]
async fn a_method_of_the_host_calls_the_guest_that_waits_for_it() {
    let guest = guest(Limits { host_calls: 18, ..long() }).await;
    let ask = guest.sandbox.load_async::<dyn Ask>(Script::new("ask.mjs", SOURCE)).await.unwrap();
    *guest.host.ask.lock().unwrap() = Some(Arc::new(ask));
    for others in [0, 3] {
        let waits = (0..others).map(|_| guest.begin(3)).collect::<Vec<_>>();
        guest.host.holds(others).await;
        let before = guest.sandbox.usage().total;
        for _ in 0..10 {
            assert_eq!(guest.flow.run(15).await.unwrap(), 17);
        }
        let after = guest.sandbox.usage().total;
        assert_eq!(after.host_calls - before.host_calls, 10 * (10 + 1 + 7));
        guest.host.gate.notify_waiters();
        for call in waits {
            call.await.unwrap().unwrap();
        }
    }
    guest.host.ask.lock().unwrap().take();
}

/// Turns of calls, and synchronous calls between them, from several threads.
#[tokio::test(flavor = "multi_thread")]
async fn calls_of_all_kinds_mix() {
    let guest = guest(long()).await;
    let mut all = JoinSet::new();
    for nth in 0..60_u32 {
        let (flow, count) = (guest.flow.clone(), guest.count.clone());
        match nth % 3 {
            0 => all.spawn(async move {
                _ = flow.run(1).await.unwrap();
            }),
            1 => all.spawn(async move {
                _ = flow.run(8).await.unwrap();
            }),
            _ => all.spawn_blocking(move || (0..20).for_each(|_| _ = count.count().unwrap())),
        };
    }
    // Twenty, of which two have nobody to meet.
    all.spawn({
        let flow = guest.flow.clone();
        async move {
            _ = flow.run(1).await.unwrap();
        }
    });
    while let Some(over) = all.join_next().await {
        over.unwrap();
    }
    assert_eq!(guest.count().await, 41);
}

/// More at once than is kept of what a child says in one turn.
#[tokio::test(flavor = "multi_thread")]
async fn calls_with_long_values_do_not_stand_in_each_others_way() {
    const LONG: u32 = 12 << 20;
    let guest = guest(Limits { buffers: 1 << 30, cpu: Duration::MAX, ..long() }).await;
    let calls = [(); 14].map(|()| guest.begin(LONG));
    // All of them go on at once.
    guest.host.holds(14).await;
    guest.host.gate.notify_waiters();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap(), LONG);
    }
}

/// Whatever the contract.
#[tokio::test(flavor = "multi_thread")]
async fn a_script_is_loaded_by_any_task() {
    let sandbox = builder().host::<dyn Net>(Host::new()).build().unwrap();
    let flow = spawn(async move { sandbox.load_async::<dyn Flow>(Script::new("flow.mjs", SOURCE)).await });
    assert_eq!(flow.await.unwrap().unwrap().run(0).await.unwrap(), 1);
    let sandbox = builder().host::<dyn Net>(Host::new()).build().unwrap();
    let flow = spawn(async move {
        let realm = sandbox.realm_async().await.unwrap();
        let guest = realm.eval_async(Script::new("flow.mjs", SOURCE)).await.unwrap();
        guest.bind_async::<dyn Flow>().await
    });
    assert_eq!(flow.await.unwrap().unwrap().run(0).await.unwrap(), 1);
}

/// A method of the host may leave the call of its own sandbox to somebody else.
#[tokio::test(flavor = "multi_thread")]
async fn another_task_may_call_the_guest_for_a_method_that_it_waits_for() {
    let guest = guest(long()).await;
    *guest.host.flow.lock().unwrap() = Some(guest.flow.clone());
    let gate = guest.begin(3);
    guest.host.holds(1).await;
    assert_eq!(guest.flow.run(5).await.unwrap(), 1 + 1);
    guest.host.gate.notify_one();
    gate.await.unwrap().unwrap();
    guest.host.flow.lock().unwrap().take();
}

/// How many threads this process has.
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_calls_that_wait_have_one_thread() {
    const CALLS: usize = 300;
    let guest = guest(long()).await;
    let first = guest.begin(3);
    guest.host.holds(1).await;
    let before = threads();
    let calls = (1..CALLS).map(|_| guest.begin(3)).collect::<Vec<_>>();
    guest.host.holds(CALLS).await;
    // Others of these tests come and go.
    assert!(threads() < before + CALLS / 2, "{} after {before}", threads());
    guest.host.gate.notify_waiters();
    for call in calls.into_iter().chain([first]) {
        call.await.unwrap().unwrap();
    }
    assert_eq!(guest.count().await, u32::try_from(CALLS).unwrap());
}

/// What was settled by a synchronous call is answered with that, and whoever makes that may be who reads it.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_synchronous_call_settles_is_told_at_once() {
    #[sandbox_runtime::sandbox_api(guest)]
    trait Opens {
        fn open(&self) -> sandbox_runtime::Result<bool>;
    }

    let guest = guest(long()).await;
    let source = "let settle;
        export const run = () => new Promise((resolve) => { settle = () => resolve(1); });
        export const open = () => { const mine = settle; settle = undefined; mine?.(); return Boolean(mine); };";
    let guest = guest.sandbox.eval_async(Script::new("open.mjs", source)).await.unwrap();
    let bound =
        spawn_blocking(move || (guest.bind::<dyn Flow>().unwrap(), guest.bind::<dyn Opens>().unwrap()));
    let (flow, opens) = bound.await.unwrap();
    let (flow, opens) = (Arc::new(flow), Arc::new(opens));
    // Whoever reads late reads much at once.
    let is_over = Arc::<AtomicBool>::default();
    let others = [(); 2].map(|()| {
        let is_over = is_over.clone();
        std::thread::spawn(move || while !is_over.load(Ordering::Relaxed) {})
    });
    for _ in 0..200 {
        let waits = flow.clone();
        let waits = spawn(async move { waits.run(0).await });
        let (began, opens) = (Instant::now(), opens.clone());
        let settles = move || while !opens.open().unwrap() {};
        spawn_blocking(settles).await.unwrap();
        assert_eq!(waits.await.unwrap().unwrap(), 1);
        assert!(began.elapsed() < LONG / 2, "{:?}", began.elapsed());
    }
    is_over.store(true, Ordering::Relaxed);
    others.into_iter().for_each(|thread| thread.join().unwrap());
}
