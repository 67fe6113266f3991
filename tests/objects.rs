//! Objects of guests that cross as handles: the host holds a proxy that implements the contract.

use std::sync::{Arc, Mutex};

use sandbox_runtime::{
    DiscardCause, Error, Handle, LimitKind, Limits, LocalSandbox, Result, Sandbox, Script, sandbox_api,
};
use serde::{Deserialize, Serialize};
use slack::long;

mod slack;

/// A row of a table.
#[sandbox_api(guest)]
pub trait Row: Send + Sync {
    fn get(&self, column: &str) -> Result<f64>;
    fn set(&self, column: &str, value: f64) -> Result<()>;
    fn name(&self) -> Result<String> {
        Ok("none".to_owned())
    }
}

/// A contract that both sides implement.
#[sandbox_api]
pub trait Node: Send + Sync {
    fn value(&self) -> Result<u32>;
    fn next(&self) -> Result<Option<Handle<dyn Node>>>;
}

#[derive(Serialize, Deserialize)]
pub struct Named {
    pub name: String,
    pub row: Option<Handle<dyn Row>>,
}

type Kept<C> = Arc<Mutex<Vec<Handle<C>>>>;

#[sandbox_api(host)]
pub trait Table {
    fn keep(&self, row: Handle<dyn Row>) -> Result<f64>;
    fn kept(&self, at: u32) -> Result<Handle<dyn Row>>;
    fn is_last(&self, row: Handle<dyn Row>) -> Result<bool>;
    fn all(&self, rows: Vec<Named>) -> Result<String>;
    fn sum(&self, from: Handle<dyn Node>) -> Result<u32>;
    fn node(&self, value: u32, next: Option<Handle<dyn Node>>) -> Result<Handle<dyn Node>>;
    fn drops(&self, row: Handle<dyn Row>) -> Result<()>;
    /// Calls the row, whose method calls this again.
    fn down(&self, row: Handle<dyn Row>, depth: u32) -> Result<f64>;
}

struct Cell(u32, Option<Handle<dyn Node>>);

impl Node for Cell {
    fn value(&self) -> Result<u32> {
        Ok(self.0)
    }

    fn next(&self) -> Result<Option<Handle<dyn Node>>> {
        Ok(self.1.clone())
    }
}

#[derive(Clone, Default)]
struct Rows(Kept<dyn Row>);

impl Rows {
    fn last(&self) -> Handle<dyn Row> {
        self.0.lock().unwrap().last().unwrap().clone()
    }
}

impl Table for Rows {
    fn keep(&self, row: Handle<dyn Row>) -> Result<f64> {
        self.0.lock().unwrap().push(row.clone());
        row.get("a")
    }

    fn kept(&self, at: u32) -> Result<Handle<dyn Row>> {
        Ok(self.0.lock().unwrap()[at as usize].clone())
    }

    fn is_last(&self, row: Handle<dyn Row>) -> Result<bool> {
        Ok(self.last().is_same(&row))
    }

    fn all(&self, rows: Vec<Named>) -> Result<String> {
        let each = rows.into_iter().map(|Named { name, row }| match row {
            Some(row) => Ok(format!("{name}={}/{}", row.get("a")?, row.name()?)),
            None => Ok(name),
        });
        Ok(each.collect::<Result<Vec<_>>>()?.join(" "))
    }

    fn sum(&self, from: Handle<dyn Node>) -> Result<u32> {
        let mut sum = from.value()?;
        let mut at = from.next()?;
        while let Some(node) = at {
            sum += node.value()?;
            at = node.next()?;
        }
        Ok(sum)
    }

    fn node(&self, value: u32, next: Option<Handle<dyn Node>>) -> Result<Handle<dyn Node>> {
        Ok(Handle::new(Cell(value, next)))
    }

    fn drops(&self, _: Handle<dyn Row>) -> Result<()> {
        Ok(())
    }

    fn down(&self, row: Handle<dyn Row>, depth: u32) -> Result<f64> {
        row.get(&depth.to_string())
    }
}

#[sandbox_api(guest)]
pub trait Program {
    fn run(&self, what: &str) -> Result<String>;
    fn give(&self, name: &str) -> Result<Handle<dyn Row>>;
    fn is_given(&self, row: Handle<dyn Row>) -> Result<bool>;
}

const SOURCE: &str = r#"
const error = (run) => { try { return run(); } catch (e) { return `${e.name}: ${e.message}`; } };
class Data {
  #data; constructor(data) { this.#data = data; }
  get(column) { return this.#data[column] ?? 0; }
  set(column, value) { this.#data[column] = value; }
}
let given = new Data({ a: 7 });
const plain = { get: () => 3, set() {}, name: () => "plain" };
const acts = {
  instance() { return Table.keep(new Data({ a: 5 })); },
  plain() { return Table.all([{ name: "x", row: plain }, { name: "y" }, { name: "z", row: new Data({ a: 1 }) }]); },
  same() { Table.keep(given); Table.keep(plain); return [Table.kept(0) === given, Table.kept(1) === plain, Table.isLast(plain), Table.isLast(given)]; },
  frozen() { const row = Object.freeze({ ...plain }); Table.keep(row); return [Table.isLast(row), Table.kept(0) === row]; },
  wrong() {
    const rows = [null, 1, {}, [], () => 1, { get: 5, set() {} }, { get() {} }, { __proto__: Object.create(null) }];
    return rows.map((row) => error(() => Table.keep(row))).join("\n");
  },
  getters() {
    let reads = 0;
    const row = { get get() { reads++; return () => 4; }, set() {} };
    Table.keep(row); Table.keep(row); Table.kept(1);
    return [reads, Table.isLast(row)];
  },
  throws() { return error(() => Table.keep({ get get() { throw new RangeError("not now"); }, set() {} })); },
  changed() { const row = { get: () => 1, set() {} }; Table.keep(row); row.get = () => 2; return Table.keep(row); },
  proxy() {
    const traps = [];
    const target = { get() { return this === proxy ? 8 : 0; }, set() {} };
    const proxy = new Proxy(target, { get: (t, k) => (traps.push(String(k)), t[k]) });
    return [Table.keep(proxy), Table.isLast(proxy), Table.isLast(target), traps.join()];
  },
  revoked() { const { proxy, revoke } = Proxy.revocable(plain, {}); revoke(); return error(() => Table.keep(proxy)); },
  thenable() { let then = 0; Table.keep({ get: () => 1, set() {}, then() { then++; } }); return then; },
  fails() { return error(() => Table.keep({ get() { throw new TypeError("no column"); }, set() {} })); },
  list() {
    const c = { value: () => 1, next: () => null }, b = Table.node(10, c), a = { value: () => 100, next: () => b };
    return [Table.sum(a), b.next() === c, error(() => Table.sum({ value: 1, next() {} }))];
  },
  host() { const n = Table.node(4, null); return Table.sum({ value: () => n.value(), next: () => n }); },
  many() { for (let i = 0; i < 100000; i++) Table.drops({ get() {}, set() {} }); return "done"; },
  hoards() { for (;;) Table.keep({ get: () => 1, set() {} }); },
  deep() {
    const row = { get: (depth) => depth === "0" ? 42 : Table.down(row, depth - 1), set() {} };
    return Table.down(row, 10);
  },
  endless() { const row = { get: () => Table.down(row, 0), set() {} }; return error(() => Table.down(row, 0)); },
  refused() { return error(() => Table.keep(plain)); },
  alive() { return "alive"; },
  reenters() {
    const row = { get: () => 6, set() {} };
    Object.defineProperty(row, "name", { get() { Table.drops({ get() {}, set() {} }); return undefined; } });
    return Table.keep(row);
  },
};
export const run = (what) => String(acts[what]());
const others = {
  given,
  endless: { get: () => { for (;;); }, set() {} },
  fails: { get() { throw new TypeError("no column"); }, set() {} },
  badly: { get: () => "x", set() {} },
};
export const give = (name) => others[name];
export const isGiven = (row) => row === given;
"#;

fn local(limits: Limits) -> (LocalSandbox, Rows) {
    let rows = Rows::default();
    (LocalSandbox::builder().limits(limits).host::<dyn Table>(rows.clone()).build().unwrap(), rows)
}

fn thread(limits: Limits) -> (Sandbox, Rows) {
    let rows = Rows::default();
    (Sandbox::builder().limits(limits).host::<dyn Table>(rows.clone()).build().unwrap(), rows)
}

fn script() -> Script {
    Script::new("rows.mjs", SOURCE)
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
    gives("instance", "5");
    gives("plain", "x=3/plain y z=1/none");
}

#[test]
fn identity_is_kept_in_both_directions() {
    gives("same", "true,true,true,false");
    gives("frozen", "true,true");
}

#[test]
fn what_lacks_a_method_is_refused() {
    in_all("wrong", long(), |result, rows| {
        let lines = result.unwrap();
        let lines = lines.lines().collect::<Vec<_>>();
        assert_eq!(lines.len(), 8, "{lines:?}");
        let wanted =
            "TypeError: Table.keep → row: expected a Row (an object with the methods `get` and `set`), got ";
        let found = [
            "null",
            "1",
            "one without `get` and without `set`",
            "one without `get` and without `set`",
            "one without `get` and without `set` and whose `name` is \"\"",
            "one whose `get` is 5",
            "one without `set`",
            "one without `get` and without `set`",
        ];
        for (line, found) in lines.iter().zip(found) {
            assert_eq!(*line, format!("{wanted}{found}"));
        }
        assert!(rows.0.lock().unwrap().is_empty());
    });
}

#[test]
fn methods_are_found_once() {
    gives("getters", "1,true");
    gives("throws", "RangeError: not now");
    gives("changed", "1");
    gives("reenters", "6");
}

#[test]
fn a_proxy_is_an_object_of_its_own() {
    gives("proxy", "8,true,false,get,set");
    in_all("revoked", long(), |result, _| assert!(result.unwrap().starts_with("TypeError: ")));
    gives("thenable", "0");
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
    let error = program.give("fails").unwrap().get("a").unwrap_err();
    assert!(matches!(&error, Error::Guest(thrown) if thrown.message == "no column"), "{error:?}");
    let error = program.give("badly").unwrap().get("a").unwrap_err();
    assert!(error.to_string().starts_with("Row.get → result: expected a number"), "{error}");
    let error = program.give("nothing").unwrap_err();
    assert!(error.to_string().starts_with("Program.give → result: expected a Row"), "{error}");
    assert_eq!(program.give("given").unwrap().get("a").unwrap(), 7.0);
}

#[test]
fn objects_of_both_sides_form_one_list() {
    in_all("list", long(), |result, _| {
        let text = result.unwrap();
        assert!(text.starts_with("111,true,TypeError: Table.sum → from: expected a Node"), "{text}");
    });
    gives("host", "8");
}

#[test]
fn calls_nest_through_objects() {
    gives("deep", "42");
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
    let error = program.run("hoards").unwrap_err();
    assert!(matches!(error, Error::Limit { kind: LimitKind::Handles, .. }), "{error:?}");
    assert_eq!(rows.0.lock().unwrap().len(), 50);
    // The sandbox goes on, and what the host lets go of makes room.
    assert!(program.run("instance").is_err());
    rows.0.lock().unwrap().clear();
    assert_eq!(program.run("instance").unwrap(), "5");
}

#[test]
fn a_result_is_an_object_that_the_host_keeps() {
    let (sandbox, _) = thread(long());
    let program = sandbox.load::<dyn Program>(script()).unwrap();
    let row = program.give("given").unwrap();
    assert!(program.is_given(row.clone()).unwrap());
    assert!(row.is_same(&program.give("given").unwrap()));
    assert!(!program.is_given(program.give("badly").unwrap()).unwrap());
    row.set("a", 9.5).unwrap();
    // From any thread.
    let other = row.clone();
    let got = std::thread::spawn(move || other.get("a").unwrap()).join().unwrap();
    assert_eq!(got, 9.5);
    assert_eq!(row.name().unwrap(), "none");
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
    assert!(error.to_string().contains("one of another realm, sandbox or life"), "{error}");
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

/// A job that takes its time.
#[sandbox_api(guest)]
pub trait Job: Send + Sync {
    async fn run(&self, input: u32) -> Result<u32>;
}

#[sandbox_api(host)]
pub trait Jobs: Send + Sync {
    async fn twice(&self, job: Handle<dyn Job>, input: u32) -> Result<u32>;
    async fn step(&self, input: u32) -> Result<u32>;
}

struct Runner;

#[sandbox_api]
impl Jobs for Runner {
    async fn twice(&self, job: Handle<dyn Job>, input: u32) -> Result<u32> {
        let once = job.run(input).await?;
        job.run(once).await
    }

    async fn step(&self, input: u32) -> Result<u32> {
        tokio::task::yield_now().await;
        Ok(input + 1)
    }
}

#[sandbox_api(guest)]
pub trait Worker {
    async fn start(&self, input: u32) -> Result<u32>;
    async fn job(&self) -> Result<Handle<dyn Job>>;
}

const WORKER: &str = r#"
const job = { async run(input) { return 10 * await Jobs.step(input); } };
export async function start(input) { return await Jobs.twice(job, input) + 1; }
export async function job_() { return job; }
export { job_ as job };
"#;

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

/// Over a link, objects of guests do not cross yet: the guest gets a TypeError, and the sandbox goes on.
#[test]
#[cfg(not(feature = "quickjs"))]
fn over_a_link_objects_are_refused() {
    let link = sandbox_runtime::testing::in_memory(true);
    let builder = Sandbox::builder().limits(long()).transport(link);
    let sandbox = builder.host::<dyn Table>(Rows::default()).build().unwrap();
    let program = sandbox.load::<dyn Program>(script()).unwrap();
    let text = program.run("refused").unwrap();
    assert!(text.starts_with("TypeError: Table.keep → row: "), "{text}");
    let error = program.give("given").unwrap_err();
    assert!(matches!(error, Error::Value(_)), "{error:?}");
    assert_eq!(program.run("alive").unwrap(), "alive");
}

#[sandbox_api(host)]
pub trait Threads {
    /// Calls the row on another thread, and waits for the thread.
    fn waits(&self, row: Handle<dyn Row>) -> Result<bool>;
    /// Drops the row on another thread.
    fn elsewhere(&self, row: Handle<dyn Row>) -> Result<()>;
}

struct Others;

impl Threads for Others {
    fn waits(&self, row: Handle<dyn Row>) -> Result<bool> {
        let error = std::thread::spawn(move || row.get("a")).join().unwrap().unwrap_err();
        Ok(matches!(error, Error::Limit { kind: LimitKind::Wall, .. }))
    }

    fn elsewhere(&self, row: Handle<dyn Row>) -> Result<()> {
        std::thread::spawn(move || drop(row)).join().unwrap();
        Ok(())
    }
}

#[sandbox_api(guest)]
pub trait Caller {
    fn waits(&self) -> Result<bool>;
    fn elsewhere(&self, times: u32) -> Result<u32>;
}

const CALLER: &str = "
    const row = () => ({ get: () => 1, set() {} });
    export const waits = () => Threads.waits(row());
    export const elsewhere = (times) => { for (let i = 0; i < times; i++) Threads.elsewhere(row()); return times; };
";

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
        let calls = (0..3).map(|_| {
            let row = row.clone();
            std::thread::spawn(move || {
                loop {
                    match row.get("a") {
                        Ok(value) => assert_eq!(value, 7.0),
                        Err(error) => return error,
                    }
                }
            })
        });
        let calls = calls.collect::<Vec<_>>();
        drop(sandbox);
        for call in calls {
            let error = call.join().unwrap();
            assert!(matches!(error, Error::Discarded { .. } | Error::Lost { .. }), "{error:?}");
        }
    }
}
