//! Objects of guests that cross as handles: the host holds a proxy that implements the contract.

use program::{
    CALLER, Caller, GIVES, Jobs, Others, Program, Rows, Runner, Table, Threads, WORKER, Worker, are_checked,
    are_wrong, calls, hoards, kept, script,
};
use sandbox_runtime::{DiscardCause, Error, LimitKind, Limits, LocalSandbox, Result, Sandbox, Script};
use slack::long;

#[path = "objects/program.rs"]
mod program;
mod slack;

fn local(limits: Limits) -> (LocalSandbox, Rows) {
    let rows = Rows::default();
    (LocalSandbox::builder().limits(limits).host::<dyn Table>(rows.clone()).build().unwrap(), rows)
}

fn thread(limits: Limits) -> (Sandbox, Rows) {
    let rows = Rows::default();
    (Sandbox::builder().limits(limits).host::<dyn Table>(rows.clone()).build().unwrap(), rows)
}

/// Runs a part of the program in each kind of sandbox.
fn in_all(what: &str, limits: Limits, check: impl Fn(Result<String>, &Rows)) {
    let (sandbox, rows) = local(limits);
    check(sandbox.load::<dyn Program>(script()).unwrap().run(what), &rows);
    drop(sandbox);
    let (sandbox, rows) = thread(limits);
    check(sandbox.load::<dyn Program>(script()).unwrap().run(what), &rows);
}

fn gives(what: &str, expected: &str) {
    in_all(what, long(), |result, _| assert_eq!(result.unwrap(), expected, "{what}"));
}

#[test]
fn the_host_calls_an_object_of_the_guest() {
    GIVES.iter().for_each(|(what, expected)| gives(what, expected));
}

#[test]
fn what_lacks_a_method_is_refused() {
    in_all("wrong", long(), |result, rows| {
        are_wrong(&result.unwrap());
        assert!(rows.0.lock().unwrap().is_empty());
    });
}

#[test]
fn methods_are_found_once() {
    gives("getters", "1,true");
}

#[test]
fn a_proxy_that_is_revoked_is_refused() {
    in_all("revoked", long(), |result, _| assert!(result.unwrap().starts_with("TypeError: ")));
}

#[test]
fn what_a_method_throws_or_returns_is_checked() {
    // The host's own error says no more to the guest than any other.
    in_all("fails", long(), |result, _| {
        let text = result.unwrap();
        assert!(text.starts_with("Error: Table.keep failed"), "{text}");
    });
    let (sandbox, _) = thread(long());
    let program = sandbox.load::<dyn Program>(script()).unwrap();
    are_checked(&program);
}

#[test]
fn objects_of_both_sides_form_one_list() {
    in_all("list", long(), |result, _| {
        let text = result.unwrap();
        assert!(text.starts_with("111,true,TypeError: Table.sum → from: expected a Node"), "{text}");
    });
}

#[test]
fn calls_nest_through_objects() {
    in_all("endless", long(), |result, _| {
        // The stack or the number of host calls is the limit, and the sandbox lives.
        assert!(result.is_err() || result.is_ok_and(|text| text.contains("Error")));
    });
}

#[test]
fn lost_objects_are_released() {
    let limits = Limits { handles: 50, ..long() };
    in_all("many", limits, |result, _| assert_eq!(result.unwrap(), "done"));
}

#[test]
fn there_is_a_limit_of_objects() {
    let limits = Limits { handles: 50, ..long() };
    let (sandbox, rows) = thread(limits);
    let program = sandbox.load::<dyn Program>(script()).unwrap();
    hoards(&program, &rows);
}

#[test]
fn a_result_is_an_object_that_the_host_keeps() {
    let (sandbox, _) = thread(long());
    let program = sandbox.load::<dyn Program>(script()).unwrap();
    kept(&program);
}

#[test]
fn a_method_is_within_the_limits_of_a_call() {
    let (sandbox, _) = thread(Limits { wall: std::time::Duration::from_millis(50), ..long() });
    let program = sandbox.load::<dyn Program>(script()).unwrap();
    let error = program.give("endless").unwrap().get("a").unwrap_err();
    assert!(matches!(error, Error::Limit { kind: LimitKind::Wall, .. }), "{error:?}");
    assert_eq!(program.give("given").unwrap().get("a").unwrap(), 7.0);
}

#[test]
fn an_object_ends_with_a_reset_and_with_its_sandbox() {
    let (sandbox, _) = local(long());
    let row = sandbox.load::<dyn Program>(script()).unwrap().give("given").unwrap();
    assert_eq!(row.get("a").unwrap(), 7.0);
    sandbox.reset().unwrap();
    let error = row.get("a").unwrap_err();
    assert!(matches!(error, Error::Discarded { cause: DiscardCause::Reset, .. }), "{error:?}");
    let program = sandbox.load::<dyn Program>(script()).unwrap();
    let error = program.is_given(row).unwrap_err();
    assert!(error.to_string().contains("expected a Row that a guest of this realm gave"), "{error}");
    let row = program.give("given").unwrap();
    drop((program, sandbox));
    let error = row.get("a").unwrap_err();
    assert!(matches!(error, Error::Discarded { cause: DiscardCause::Closed, .. }), "{error:?}");

    let (sandbox, _) = thread(long());
    let program = sandbox.load::<dyn Program>(script()).unwrap();
    let row = program.give("given").unwrap();
    sandbox.reset().unwrap();
    let error = row.get("a").unwrap_err();
    assert!(matches!(error, Error::Discarded { cause: DiscardCause::Reset, .. }), "{error:?}");
    let row = sandbox.load::<dyn Program>(script()).unwrap().give("given").unwrap();
    drop((program, sandbox));
    let error = row.get("a").unwrap_err();
    assert!(matches!(error, Error::Discarded { cause: DiscardCause::Closed, .. }), "{error:?}");
}

#[test]
fn an_object_is_no_object_of_another_realm() {
    let (sandbox, _) = local(long());
    let first = sandbox.load::<dyn Program>(script()).unwrap();
    let second = sandbox.realm().unwrap().load::<dyn Program>(script()).unwrap();
    let row = first.give("given").unwrap();
    assert!(first.is_given(row.clone()).unwrap());
    let error = second.is_given(row.clone()).unwrap_err();
    assert!(
        error.to_string().contains("one of another realm, of another sandbox, or of the time before a reset"),
        "{error}"
    );
    assert_eq!(row.get("a").unwrap(), 7.0);
}

#[test]
fn an_object_of_a_local_sandbox_is_called_on_its_thread() {
    let (sandbox, _) = local(long());
    let row = sandbox.load::<dyn Program>(script()).unwrap().give("given").unwrap();
    let other = row.clone();
    let error = std::thread::spawn(move || other.get("a").unwrap_err()).join().unwrap();
    assert!(matches!(error, Error::Blocking { .. }), "{error:?}");
    assert_eq!(row.get("a").unwrap(), 7.0);
}

#[tokio::test]
async fn async_methods_of_an_object_are_awaited() {
    let script = || Script::new("worker.mjs", WORKER);
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Jobs>(Runner).build().unwrap();
    let worker = sandbox.load_async::<dyn Worker>(script()).await.unwrap();
    assert_eq!(worker.start(1).await.unwrap(), 211);
    let job = worker.job().await.unwrap();
    assert_eq!(job.run(4).await.unwrap(), 50);

    let sandbox = Sandbox::builder().limits(long()).host::<dyn Jobs>(Runner).build().unwrap();
    let worker = sandbox.load_async::<dyn Worker>(script()).await.unwrap();
    assert_eq!(worker.start(1).await.unwrap(), 211);
    let job = worker.job().await.unwrap();
    assert_eq!(job.run(4).await.unwrap(), 50);
    let other = tokio::spawn({
        let job = job.clone();
        async move { job.run(5).await }
    });
    assert_eq!(other.await.unwrap().unwrap(), 60);
    sandbox.reset_async().await.unwrap();
    let error = job.run(4).await.unwrap_err();
    assert!(matches!(error, Error::Discarded { cause: DiscardCause::Reset, .. }), "{error:?}");
}

#[test]
fn a_thread_that_waits_for_itself_gives_up() {
    let limits = Limits { wall: std::time::Duration::from_millis(100), ..long() };
    let sandbox = Sandbox::builder().limits(limits).host::<dyn Threads>(Others).build().unwrap();
    let caller = sandbox.load::<dyn Caller>(Script::new("caller.mjs", CALLER)).unwrap();
    // The outer call is over its own limit then, and the sandbox lives.
    assert!(matches!(caller.waits(), Ok(true) | Err(Error::Limit { kind: LimitKind::Wall, .. })));
    assert_eq!(caller.elsewhere(1).unwrap(), 1);
}

#[test]
fn objects_that_are_dropped_on_other_threads_are_released() {
    let limits = Limits { handles: 10, ..long() };
    let sandbox = Sandbox::builder().limits(limits).host::<dyn Threads>(Others).build().unwrap();
    let caller = sandbox.load::<dyn Caller>(Script::new("caller.mjs", CALLER)).unwrap();
    assert_eq!(caller.elsewhere(500).unwrap(), 500);
    let local = LocalSandbox::builder().limits(limits).host::<dyn Threads>(Others).build().unwrap();
    let caller = local.load::<dyn Caller>(Script::new("caller.mjs", CALLER)).unwrap();
    assert_eq!(caller.elsewhere(500).unwrap(), 500);
}

#[test]
fn a_sandbox_that_ends_while_its_objects_are_called_is_told() {
    for _ in 0..20 {
        let (sandbox, _) = thread(long());
        let row = sandbox.load::<dyn Program>(script()).unwrap().give("given").unwrap();
        let calls = (0..3).map(|_| calls(row.clone())).collect::<Vec<_>>();
        drop(sandbox);
        for call in calls {
            let error = call.join().unwrap();
            assert!(matches!(error, Error::Discarded { .. } | Error::Lost { .. }), "{error:?}");
        }
    }
}
