//! How calls end beside others: at their own time, with their callers, with their process.

use std::future::poll_fn;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;
use std::time::Instant;

use sandbox_runtime::{Amount, Death, DiscardCause, Error, LimitKind, Limits, LossReason, Script};
use tokio::task::spawn_blocking;

use crate::guest::{Count, Flow, Host, Net, SOURCE, builder, guest, wall};
use crate::slack::{LONG, long};

/// What it takes to wait for the host so often is not the guest's CPU time.
#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_cpu_is_a_calls_own() {
    let limits = Limits { cpu: Duration::from_millis(300), ..long() };
    let guest = guest(limits).await;
    let pid = guest.sandbox.pid();
    let gate = guest.begin(3);
    guest.host.holds(1).await;
    let often = guest.begin(14);
    let error = guest.flow.run(13).await.unwrap_err();
    assert!(matches!(error, Error::Limit { kind: LimitKind::Cpu, .. }), "{error}");
    let often = often.await.unwrap();
    assert!(matches!(often, Ok(14) | Err(Error::Limit { kind: LimitKind::Cpu, .. })), "{often:?}");
    guest.host.gate.notify_one();
    gate.await.unwrap().unwrap();
    assert_eq!(guest.sandbox.pid(), pid, "no process was ended for it");
}

/// A guest whose caller has gone does not go on, and what it waits for is dropped.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_dropped_ends() {
    let guest = guest(long()).await;
    let others = [guest.begin(3), guest.begin(3)];
    guest.host.holds(2).await;
    let dropped = [guest.begin(3), guest.begin(2)];
    guest.host.holds(4).await;
    dropped.iter().for_each(tokio::task::JoinHandle::abort);
    guest.host.holds(2).await;
    guest.host.gate.notify_waiters();
    for call in others {
        call.await.unwrap().unwrap();
    }
    assert_eq!(guest.flow.run(0).await.unwrap(), 3, "two were let, and the dropped ones did not go on");
    guest.host.holds(0).await;
}

/// Also while it calls the host, without waiting and with.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_dropped_while_it_calls_the_host_ends() {
    let guest = guest(long()).await;
    let pid = guest.sandbox.pid();
    for nth in 0..40 {
        let call = guest.begin(11);
        let before = guest.host.asked.load(Ordering::SeqCst);
        while guest.host.asked.load(Ordering::SeqCst) < before + nth {
            if call.is_finished() {
                break;
            }
            tokio::task::yield_now().await;
        }
        call.abort();
        guest.flow.run(0).await.unwrap();
    }
    assert_eq!(guest.sandbox.pid(), pid, "no process was ended for it");
    guest.host.holds(0).await;
}

/// Whatever else is dropped in the same moment.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn many_calls_that_are_dropped_at_once_end() {
    let limits = Limits { cpu: Duration::MAX, ..long() };
    let guest = guest(limits).await;
    let began = Instant::now();
    for first in [4, 2] {
        let calls = (0..600).map(|nth| guest.begin(if nth == 0 { first } else { 4 })).collect::<Vec<_>>();
        tokio::time::sleep(Duration::from_millis(100)).await;
        calls.iter().for_each(tokio::task::JoinHandle::abort);
        guest.flow.run(0).await.unwrap();
    }
    // Those that have no turn before they are dropped have none after it.
    assert!(began.elapsed() < LONG / 2, "{:?}", began.elapsed());
    assert_eq!(guest.count().await, 2);
    guest.host.holds(0).await;
}

/// Not only when it awaits something.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_dropped_while_it_computes_ends() {
    let limits = Limits { cpu: Duration::MAX, ..long() };
    let guest = guest(limits).await;
    let pid = guest.sandbox.pid();
    for _ in 0..3 {
        let began = Instant::now();
        let endless = tokio::time::timeout(Duration::from_millis(50), guest.flow.run(4)).await;
        assert!(endless.is_err(), "{endless:?}");
        guest.flow.run(0).await.unwrap();
        assert!(began.elapsed() < LONG / 2, "{:?}", began.elapsed());
        // One that is not begun before the other ends.
        let calls = [guest.begin(4), guest.begin(4)];
        tokio::time::sleep(Duration::from_millis(20)).await;
        calls.iter().for_each(tokio::task::JoinHandle::abort);
        guest.flow.run(0).await.unwrap();
        assert!(began.elapsed() < LONG / 2, "{:?}", began.elapsed());
    }
    assert_eq!(guest.count().await, 6);
    assert_eq!(guest.sandbox.pid(), pid);
}

/// Each ends at its own time, and the others are not disturbed.
#[tokio::test(flavor = "multi_thread")]
async fn each_call_has_its_own_end() {
    let guest = guest(wall(5_000)).await;
    let gate = guest.begin(3);
    guest.host.holds(1).await;
    for n in [2, 9] {
        let short = guest.flow.with_deadline(Instant::now() + Duration::from_millis(50));
        let error = short.run(n).await.unwrap_err();
        assert!(matches!(error, Error::Limit { kind: LimitKind::Deadline, .. }), "{error}");
    }
    let pid = guest.sandbox.pid();
    let error = guest.flow.run(2).await.unwrap_err();
    let Error::Limit { kind: LimitKind::Wall, excess, place: Some(_), .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(excess.limit, Some(Amount::Time(Duration::from_secs(5))));
    // It began before.
    assert!(matches!(gate.await.unwrap(), Err(Error::Limit { kind: LimitKind::Wall, .. })));
    assert_eq!(guest.flow.run(0).await.unwrap(), 1);
    assert_eq!(guest.sandbox.pid(), pid, "no process was ended for it");
    guest.host.holds(0).await;
}

/// It takes a while to end so many, and that is no fault.
#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_calls_end_at_one_moment() {
    let guest = guest(long()).await;
    let pid = guest.sandbox.pid();
    let deadline = Instant::now() + Duration::from_millis(1500);
    let short = guest.flow.with_deadline(deadline);
    let calls = (0..4000).map(|nth| short.run(if nth % 2 == 0 { 9 } else { 2 }));
    for outcome in futures_util::future::join_all(calls).await {
        assert!(matches!(outcome, Err(Error::Limit { kind: LimitKind::Deadline, .. })), "{outcome:?}");
    }
    assert!(deadline.elapsed() < LONG / 2, "{:?}", deadline.elapsed());
    assert_eq!(guest.flow.run(0).await.unwrap(), 1);
    guest.host.holds(0).await;
    assert_eq!(guest.sandbox.pid(), pid, "no process was ended for it");
}

/// More of them than there is room for in the stream to a child that never_settles.
#[tokio::test(flavor = "multi_thread")]
async fn calls_end_in_time_while_another_computes() {
    let limits = Limits { cpu: Duration::MAX, ..long() };
    let guest = guest(limits).await;
    let pid = guest.sandbox.pid();
    let endless = guest.begin_endless(Duration::from_secs(10)).await;
    let short = guest.flow.with_deadline(Instant::now() + Duration::from_millis(200));
    let calls = (0..600).map(|_| short.run(0));
    for outcome in futures_util::future::join_all(calls).await {
        assert!(matches!(outcome, Err(Error::Limit { kind: LimitKind::Deadline, .. })), "{outcome:?}");
    }
    assert!(!endless.is_finished(), "they waited for it");
    let error = endless.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Limit { kind: LimitKind::Deadline, .. }), "{error}");
    assert_eq!(guest.flow.run(0).await.unwrap(), 1);
    assert_eq!(guest.sandbox.pid(), pid, "no process was ended for it");
}

/// Also while a synchronous call waits for its turn.
#[tokio::test(flavor = "multi_thread")]
async fn calls_end_in_time_while_a_synchronous_one_waits() {
    let limits = Limits { cpu: Duration::MAX, ..long() };
    let guest = guest(limits).await;
    let endless = guest.begin_endless(Duration::from_secs(10)).await;
    let count = guest.count.clone();
    let synchronous = spawn_blocking(move || count.count());
    tokio::time::sleep(Duration::from_millis(50)).await;
    let began = Instant::now();
    let calls = (0..50).map(async |nth| {
        let short = guest.flow.with_deadline(began + Duration::from_millis(10 * nth));
        short.run(0).await
    });
    for outcome in futures_util::future::join_all(calls).await {
        assert!(matches!(outcome, Err(Error::Limit { kind: LimitKind::Deadline, .. })), "{outcome:?}");
    }
    assert!(!endless.is_finished(), "they waited for it");
    let error = endless.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Limit { kind: LimitKind::Deadline, .. }), "{error}");
    assert_eq!(synchronous.await.unwrap().unwrap(), 0);
}

/// A synchronous call waits for the turn of a guest that never_settles; that turn ends when nobody awaits its call any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_call_ends_while_a_synchronous_one_waits_for_it() {
    let guest = guest(Limits { cpu: Duration::MAX, ..long() }).await;
    let pid = guest.sandbox.pid();
    let endless = guest.begin_endless(LONG).await;
    let count = guest.count.clone();
    let synchronous = spawn_blocking(move || count.count());
    // Nothing tells that the other call waits. A call that has not begun by now is served as well, and shows less.
    tokio::time::sleep(Duration::from_millis(50)).await;
    endless.abort();
    // The time limit of the dropped call would end it as well.
    let answered = tokio::time::timeout(LONG / 2, synchronous).await.expect("it ends before its time limit");
    assert_eq!(answered.unwrap().unwrap(), 0);
    assert_eq!(guest.flow.run(0).await.unwrap(), 1);
    assert_eq!(guest.sandbox.pid(), pid, "no process was ended for it");
}

/// One that never_settles for as long as it may delays the others, and no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_computes_without_end_ends_alone() {
    let limits = Limits { cpu: Duration::from_millis(200), ..long() };
    let guest = guest(limits).await;
    let gate = guest.begin(3);
    guest.host.holds(1).await;
    let pid = guest.sandbox.pid();
    let endless = guest.begin(4);
    let error = endless.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Limit { kind: LimitKind::Cpu, .. }), "{error}");
    guest.host.gate.notify_one();
    assert_eq!(gate.await.unwrap().unwrap(), 1);
    assert_eq!(guest.sandbox.pid(), pid);
}

/// Time that others compute is a call's own: it may end before it has had a turn, but the process goes on.
#[tokio::test(flavor = "multi_thread")]
async fn calls_that_all_compute_without_end_meet_their_limits() {
    let limits = Limits { cpu: Duration::MAX, ..long() };
    let guest = guest(limits).await;
    let pid = guest.sandbox.pid();
    let short = guest.flow.with_deadline(Instant::now() + Duration::from_millis(400));
    for outcome in futures_util::future::join_all((0..4).map(|_| short.run(4))).await {
        assert!(matches!(outcome, Err(Error::Limit { kind: LimitKind::Deadline, .. })), "{outcome:?}");
    }
    assert_eq!(guest.flow.run(0).await.unwrap(), 1);
    assert_eq!(guest.sandbox.pid(), pid, "no process was ended for it");
}

/// The heap is everybody's.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_heap_ends_all_calls() {
    let limits = Limits { heap: 16 << 20, ..long() };
    let guest = guest(limits).await;
    let waits = [guest.begin_unsettled().await, guest.begin(2)];
    guest.host.holds(1).await;
    let error = guest.flow.run(7).await.unwrap_err();
    assert!(matches!(error, Error::Limit { kind: LimitKind::Heap, .. }), "{error}");
    for call in waits {
        let error = call.await.unwrap().unwrap_err();
        let Error::Lost { reason: LossReason::Discarded(DiscardCause::Fault(fault)), place, .. } = &error
        else {
            panic!("{error:?}")
        };
        assert!(matches!(**fault, Error::Limit { kind: LimitKind::Heap, .. }), "{error}");
        assert_eq!(place.as_ref().unwrap().to_string(), "Flow.run");
    }
    guest.host.holds(0).await;
    guest.sandbox.reset_async().await.unwrap();
    assert!(guest.sandbox.pid().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_process_ends_all_calls() {
    let guest = guest(long()).await;
    let before = guest.sandbox.usage().total;
    let waits = [guest.begin_unsettled().await, guest.begin(2), guest.begin(16)];
    guest.host.holds(2).await;
    let pid = i32::try_from(guest.sandbox.pid().unwrap()).unwrap();
    // SAFETY: it is a child of this process that nobody has reaped.
    unsafe { libc::kill(pid, libc::SIGKILL) };
    for call in waits {
        let error = call.await.unwrap().unwrap_err();
        assert!(
            matches!(error, Error::Process { death: Death::Signal { signal: 9, .. }, place: Some(_), .. }),
            "{error:?}"
        );
    }
    guest.host.holds(0).await;
    assert!(matches!(guest.flow.run(0).await, Err(Error::Discarded { .. })));
    let after = guest.sandbox.usage().total;
    assert_eq!(after.calls - before.calls, 3);
    assert_eq!(after.host_calls - before.host_calls, 2 + 6, "whoever cannot say so any more");
}

/// What it has done is on the bill, though it cannot say so.
#[cfg(not(feature = "quickjs"))]
#[tokio::test(flavor = "multi_thread")]
async fn a_synchronous_call_is_billed_by_which_a_process_ends() {
    #[sandbox_runtime::sandbox_api(guest)]
    trait End {
        fn end_after(&self, times: u32) -> sandbox_runtime::Result<u32>;
    }

    let guest = guest(long()).await;
    for times in [0, 9] {
        let end = guest.sandbox.load_async::<dyn End>(Script::new("end.mjs", SOURCE)).await.unwrap();
        let before = guest.sandbox.usage().total;
        let error = spawn_blocking(move || end.end_after(times)).await.unwrap().unwrap_err();
        assert!(matches!(error, Error::Process { .. }), "{error:?}");
        let after = guest.sandbox.usage().total;
        assert_eq!((after.calls - before.calls, after.host_calls - before.host_calls), (1, times.into()));
        guest.sandbox.reset_async().await.unwrap();
    }
}

/// Whoever was the end of it.
#[cfg(not(feature = "quickjs"))]
#[tokio::test(flavor = "multi_thread")]
async fn a_synchronous_call_that_ends_the_process_ends_all_calls() {
    #[sandbox_runtime::sandbox_api(guest)]
    trait End {
        fn end(&self) -> sandbox_runtime::Result<u32>;
    }

    let guest = guest(long()).await;
    let end = guest.sandbox.load_async::<dyn End>(Script::new("end.mjs", SOURCE)).await.unwrap();
    let waits = [guest.begin_unsettled().await, guest.begin(2)];
    guest.host.holds(1).await;
    let before = guest.sandbox.usage().total.calls;
    let error = spawn_blocking(move || end.end()).await.unwrap().unwrap_err();
    let Error::Process { death: expected, .. } = error else { panic!("{error:?}") };
    for call in waits {
        match call.await.unwrap().unwrap_err() {
            Error::Process { death, place: Some(place), .. } => {
                assert_eq!((death, place.to_string().as_str()), (expected.clone(), "Flow.run"));
            }
            error => panic!("{error:?}"),
        }
    }
    assert_eq!(guest.sandbox.usage().total.calls - before, 3);
    guest.host.holds(0).await;
}

/// It does not wait for them.
#[tokio::test(flavor = "multi_thread")]
async fn a_reset_ends_all_calls() {
    for asynchronous in [true, false] {
        let guest = guest(long()).await;
        let waits = [guest.begin_unsettled().await, guest.begin(2)];
        guest.host.holds(1).await;
        let began = Instant::now();
        let sandbox = guest.sandbox.clone();
        match asynchronous {
            true => sandbox.reset_async().await.unwrap(),
            false => spawn_blocking(move || sandbox.reset()).await.unwrap().unwrap(),
        }
        for call in waits {
            let error = call.await.unwrap().unwrap_err();
            let is_lost = |reason: &LossReason| matches!(reason, LossReason::Discarded(DiscardCause::Reset));
            assert!(matches!(&error, Error::Lost { reason, .. } if is_lost(reason)), "{error:?}");
        }
        assert!(began.elapsed() < LONG / 2, "{:?}", began.elapsed());
        guest.host.holds(0).await;
        assert!(matches!(guest.flow.run(0).await, Err(Error::Discarded { cause: DiscardCause::Reset, .. })));
        assert_eq!(guest.sandbox.usage().total.calls, 0);
    }
}

/// Calls that nobody can begin, because a synchronous one takes all the time there is.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_has_not_begun_when_it_has_to_be_over_never_does() {
    let host = Host::new();
    let sandbox = builder().limits(long()).host::<dyn Net>(host.clone()).build().unwrap();
    let source = "let runs = 0; export const run = async () => { runs += 1; return runs; };
        export const count = () => { while (Net.waiting() === 0); return runs; };";
    let guest = sandbox.eval_async(Script::new("flow.mjs", source)).await.unwrap();
    let bound =
        spawn_blocking(move || (guest.bind::<dyn Flow>().unwrap(), guest.bind::<dyn Count>().unwrap()));
    let (flow, count) = bound.await.unwrap();
    let busy = spawn_blocking(move || count.count());
    while host.asked.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    let short = flow.with_deadline(Instant::now() + Duration::from_millis(100));
    let mut call = short.run(0);
    assert!(poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_pending())).await);
    let mut dropped = flow.run(0);
    assert!(poll_fn(|cx| Poll::Ready(dropped.as_mut().poll(cx).is_pending())).await);
    drop(dropped);
    tokio::time::sleep(Duration::from_millis(150)).await;
    let held = host.hold();
    busy.await.unwrap().unwrap();
    let error = call.await.unwrap_err();
    assert!(matches!(error, Error::Limit { kind: LimitKind::Deadline, .. }), "{error}");
    assert_eq!(flow.run(0).await.unwrap(), 1);
    drop(held);
}

/// Calls that have not begun when it is seen that the process has ended are not forgotten.
#[tokio::test(flavor = "multi_thread")]
async fn no_call_is_lost_when_a_process_is_killed() {
    let host = Host::new();
    let sandbox = builder().limits(long()).host::<dyn Net>(host).build().unwrap();
    for _ in 0..5 {
        let flow = sandbox.load_async::<dyn Flow>(Script::new("flow.mjs", SOURCE)).await.unwrap();
        let pid = sandbox.pid().unwrap();
        // SAFETY: it is a child of this process that nobody has reaped.
        unsafe { libc::kill(pid.cast_signed(), libc::SIGKILL) };
        let stat = || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        while stat().rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z')) {
            tokio::task::yield_now().await;
        }
        let calls = futures_util::future::join_all((0..50).map(|_| flow.run(0)));
        let over = tokio::time::timeout(LONG, calls).await;
        for outcome in over.expect("all of them are over") {
            assert!(matches!(outcome, Err(Error::Process { .. } | Error::Discarded { .. })), "{outcome:?}");
        }
        sandbox.reset_async().await.unwrap();
    }
}

/// Whatever else is asked for meanwhile is told of it, though it is of no contract.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_heap_beside_scripts_that_are_evaluated_is_told() {
    for _ in 0..3 {
        let limits = Limits { heap: 16 << 20, ..long() };
        let guest = guest(limits).await;
        let fills = guest.begin(7);
        let sandbox = guest.sandbox.clone();
        let evaluated = spawn_blocking(move || {
            loop {
                if let Err(error) = sandbox.eval(Script::new("e.mjs", "export {};")) {
                    break error;
                }
            }
        });
        let is_told = |error: &Error| {
            matches!(error, Error::Limit { .. } | Error::Discarded { .. } | Error::Lost { .. })
        };
        let (error, fills) = (evaluated.await.unwrap(), fills.await.unwrap().unwrap_err());
        assert!(is_told(&error) && is_told(&fills), "{error:?} {fills:?}");
    }
}
