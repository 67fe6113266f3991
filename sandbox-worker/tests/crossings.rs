//! Objects of guests that cross a link again, or with much to do, and the time that they have.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::time::{Duration, Instant};

use sandbox_runtime::{
    AsyncCallback, Error, Handle, LimitKind, Limits, ProcessSandbox, Result, Sandbox, Script, sandbox_api,
};
use sites::{links, runtime};
use slack::long;

mod sites;
mod slack;

#[sandbox_api(guest)]
pub trait Loads {
    async fn load(&self) -> Result<AsyncCallback<fn(String) -> Result<u32>>>;
}

/// A call that was made and has not begun keeps the function, also when the function crosses again meanwhile.
#[test]
fn a_call_that_was_made_keeps_a_function_that_crosses_again() {
    for (_, link) in links() {
        runtime().block_on(async {
            let sandbox = Sandbox::builder().limits(long()).transport(link).build().unwrap();
            let source = "const one = async (name) => name.length;
                export const load = async () => one;";
            let loads = sandbox.load_async::<dyn Loads>(Script::new("loads.mjs", source)).await.unwrap();
            for _ in 0..5 {
                let later = loads.load().await.unwrap().call("four".into());
                drop(loads.load().await.unwrap());
                drop(loads.load().await.unwrap());
                assert_eq!(later.await.unwrap(), 4);
            }
            assert_eq!(loads.load().await.unwrap().call("five!".into()).await.unwrap(), 5);
        });
    }
}

#[sandbox_api(guest)]
pub trait Row: Send + Sync {
    fn get(&self) -> Result<f64>;
}

#[sandbox_api(guest)]
pub trait Rows {
    fn rows(&self, count: u32) -> Result<Vec<Handle<dyn Row>>>;
    async fn later(&self, count: u32) -> Result<Vec<Handle<dyn Row>>>;
    /// How many rows had their methods looked for, since the last question.
    fn looked(&self) -> Result<u32>;
}

const ROWS: &str = "let count = 0;
    class Row {
        get get() {
            count += 1;
            const began = Date.now();
            while (Date.now() - began < 100);
            return () => 1;
        }
    }
    export const rows = (count) => Array.from({ length: count }, () => new Row());
    export const later = async (count) => rows(count);
    export const looked = () => { const all = count; count = 0; return all; };";

fn of_rows(link: sandbox_runtime::process::Process, wall: Duration) -> (ProcessSandbox, Script) {
    let sandbox = Sandbox::builder().limits(Limits { wall, ..long() }).transport(link).build().unwrap();
    (sandbox, Script::new("rows.mjs", ROWS))
}

/// A contract is bound to an object by code of the guest: all objects of a result have the time of the call together.
#[test]
fn objects_of_a_result_have_the_time_of_their_call() {
    let wall = Duration::from_millis(800);
    // Twice as many as have time, for the turn of a call beside others.
    let most = 20;
    for (site, link) in links() {
        let (sandbox, script) = of_rows(link, wall);
        let rows = slack::again(|| sandbox.load::<dyn Rows>(script.clone())).unwrap();
        let error = rows.rows(60).unwrap_err();
        assert!(matches!(error, Error::Limit { kind: LimitKind::Wall, .. }), "{site}: {error:?}");
        let looked = slack::again(|| rows.looked()).unwrap();
        assert!(looked <= most, "{site}: {looked}");
        let error = runtime().block_on(rows.later(60)).unwrap_err();
        assert!(matches!(error, Error::Limit { kind: LimitKind::Wall, .. }), "{site}: {error:?}");
        let looked = slack::again(|| rows.looked()).unwrap();
        assert!(looked <= most, "{site}: {looked}");
        assert_eq!(slack::again(|| rows.rows(1)?[0].get()).unwrap(), 1.0);
    }
}

#[test]
fn objects_of_a_result_have_the_deadline_of_their_caller() {
    for (site, link) in links() {
        let (sandbox, script) = of_rows(link, slack::LONG);
        let rows = sandbox.load::<dyn Rows>(script).unwrap();
        let hurried = rows.with_deadline(Instant::now() + Duration::from_millis(800));
        let error = hurried.rows(60).unwrap_err();
        assert!(matches!(error, Error::Limit { kind: LimitKind::Deadline, .. }), "{site}: {error:?}");
        let looked = rows.looked().unwrap();
        assert!(looked <= 20, "{site}: {looked}");
        let hurried = rows.with_deadline(Instant::now() + Duration::from_millis(800));
        let error = runtime().block_on(hurried.later(60)).unwrap_err();
        assert!(matches!(error, Error::Limit { kind: LimitKind::Deadline, .. }), "{site}: {error:?}");
        assert!(rows.looked().unwrap() <= 20, "{site}");
        assert_eq!(rows.rows(1).unwrap()[0].get().unwrap(), 1.0);
    }
}
