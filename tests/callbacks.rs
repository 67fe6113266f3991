//! Callbacks: functions that cross as values, in both directions.

use program::{GIVES, JOB, Job, Names, Program, Rows, Store, Table, script};
use sandbox_runtime::{
    AsyncCallback, Callback, DiscardCause, Error, LimitKind, Limits, LocalSandbox, Result, Sandbox, Script,
};
use slack::long;

#[path = "callbacks/program.rs"]
mod program;
mod slack;

fn thread(limits: Limits) -> Sandbox {
    Sandbox::builder().limits(limits).host::<dyn Table>(Rows::default()).build().unwrap()
}

/// Runs a part of the program in each kind of sandbox.
fn in_all(what: &str, limits: Limits, check: impl Fn(Result<String>)) {
    let local = LocalSandbox::builder().limits(limits).host::<dyn Table>(Rows::default()).build().unwrap();
    check(local.load::<dyn Program>(script()).unwrap().run(what));
    check(thread(limits).load::<dyn Program>(script()).unwrap().run(what));
}

fn gives(what: &str, expected: &str) {
    in_all(what, long(), |result| assert_eq!(result.unwrap(), expected, "{what}"));
}

#[test]
fn functions_of_both_sides_are_called() {
    GIVES.iter().for_each(|(what, expected)| gives(what, expected));
    in_all("badly", long(), |result| {
        assert!(result.unwrap().starts_with("TypeError: Callback.call → first: expected an integer"));
    });
    in_all("frozen", long(), |result| {
        let text = result.unwrap();
        assert!(text.starts_with("true,true,false,TypeError: "), "{text}");
        assert!(text.matches("TypeError: ").count() == 2, "{text}");
    });
}

#[test]
fn nothing_else_is_a_function() {
    in_all("wrong", long(), |result| {
        let lines = result.unwrap();
        assert_eq!(lines.lines().count(), 5, "{lines}");
        let start = "TypeError: Table.apply → step: expected a function, got ";
        assert!(lines.lines().all(|line| line.starts_with(start)), "{lines}");
    });
    // A class can be given, and its call throws.
    in_all("constructors", long(), |result| {
        assert!(result.unwrap().starts_with("Error: Table.apply failed"))
    });
}

#[test]
fn errors_of_the_host_stay_opaque() {
    in_all("failing", long(), |result| {
        let text = result.unwrap();
        let lines = text.lines().collect::<Vec<_>>();
        assert_eq!(lines[0], "Error: zero is not a step");
        assert!(lines[1..].iter().all(|line| line.starts_with("Error: Callback.call failed (reference ")));
    });
}

#[test]
fn lost_functions_are_released() {
    in_all("many", Limits { handles: 50, ..long() }, |result| assert_eq!(result.unwrap(), "done"));
    in_all("hoards", Limits { handles: 50, ..long() }, |result| {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Limit { kind: LimitKind::Handles, .. }), "{error:?}");
    });
}

#[test]
fn a_function_of_the_guest_is_kept_and_called_later() {
    let sandbox = thread(Limits { wall: std::time::Duration::from_millis(200), ..long() });
    let program = sandbox.load::<dyn Program>(script()).unwrap();
    let own = program.give("own").unwrap();
    let other = own.clone();
    assert_eq!(std::thread::spawn(move || other.call(4).unwrap()).join().unwrap(), 5);
    assert_eq!(program.take(own.clone()).unwrap(), 0);
    assert!(own.is_same(&program.give("own").unwrap()));
    assert_eq!(program.take(Callback::new(|value: u32| Ok(value * 2))).unwrap(), 8);
    let error = program.give("throws").unwrap().call(1).unwrap_err();
    assert!(matches!(&error, Error::Guest(thrown) if thrown.message == "no step"), "{error:?}");
    let error = program.give("badly").unwrap().call(1).unwrap_err();
    assert!(error.to_string().starts_with("Callback.call → result: expected an integer"), "{error}");
    let error = program.give("endless").unwrap().call(1).unwrap_err();
    assert!(matches!(error, Error::Limit { kind: LimitKind::Wall, .. }), "{error:?}");
    assert_eq!(own.call(1).unwrap(), 2);
    sandbox.reset().unwrap();
    let error = own.call(1).unwrap_err();
    assert!(matches!(error, Error::Discarded { cause: DiscardCause::Reset, .. }), "{error:?}");
    // A function of a guest that is no more is a function of the host for the next one.
    let program = sandbox.load::<dyn Program>(script()).unwrap();
    let error = program.take(own).unwrap_err();
    assert!(matches!(error, Error::Discarded { .. } | Error::Guest(_)), "{error:?}");
    assert_eq!(program.give("own").unwrap().call(2).unwrap(), 3);
}

#[tokio::test]
async fn async_functions_are_awaited_on_both_sides() {
    let script = || Script::new("job.mjs", JOB);
    let load = || AsyncCallback::new(|name: String| async move { Ok(name.len() as u32) });
    let local = LocalSandbox::builder().limits(long()).host::<dyn Store>(Names).build().unwrap();
    let job = local.load_async::<dyn Job>(script()).await.unwrap();
    assert_eq!(job.run(load()).await.unwrap(), 234);
    let sandbox = Sandbox::builder().limits(long()).host::<dyn Store>(Names).build().unwrap();
    let job = sandbox.load_async::<dyn Job>(script()).await.unwrap();
    assert_eq!(job.run(load()).await.unwrap(), 234);
}
