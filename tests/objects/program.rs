//! The programs of objects of guests, which run in all sandboxes.

#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used, reason = "each test uses some of it")]

use std::sync::{Arc, Mutex};

use sandbox_runtime::{Error, Handle, LimitKind, Result, Script, sandbox_api};
use serde::{Deserialize, Serialize};

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

pub(crate) type Kept<C> = Arc<Mutex<Vec<Handle<C>>>>;

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

pub(crate) struct Cell(u32, Option<Handle<dyn Node>>);

impl Node for Cell {
    fn value(&self) -> Result<u32> {
        Ok(self.0)
    }

    fn next(&self) -> Result<Option<Handle<dyn Node>>> {
        Ok(self.1.clone())
    }
}

#[derive(Clone, Default)]
pub(crate) struct Rows(pub(crate) Kept<dyn Row>);

impl Rows {
    pub(crate) fn last(&self) -> Handle<dyn Row> {
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

pub(crate) const SOURCE: &str = r#"
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
  some() { for (let i = 0; i < 500; i++) Table.drops({ get() {}, set() {} }); return "done"; },
  data() { class Named { name = "n"; row = null; get() {} set() {} } return Table.all([new Named()]); },
  maps() { return error(() => Table.keep(new Map())); },
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

pub(crate) fn script() -> Script {
    Script::new("rows.mjs", SOURCE)
}

/// Parts of the program, and what each gives in all sandboxes.
pub(crate) const GIVES: &[(&str, &str)] = &[
    ("instance", "5"),
    ("plain", "x=3/plain y z=1/none"),
    ("data", "n"),
    ("same", "true,true,true,false"),
    ("frozen", "true,true"),
    ("throws", "RangeError: not now"),
    ("changed", "1"),
    ("reenters", "6"),
    ("proxy", "8,true,false,get,set"),
    ("thenable", "0"),
    ("host", "8"),
    ("deep", "42"),
    ("some", "done"),
];

/// The values that are no rows, as the errors of `wrong` describe them.
pub(crate) const WRONG: [&str; 8] = [
    "null",
    "1",
    "one without `get` and without `set`",
    "one without `get` and without `set`",
    "one without `get` and without `set` and whose `name` is \"\"",
    "one whose `get` is 5",
    "one without `set`",
    "one without `get` and without `set`",
];

/// Asserts what `wrong` gives.
pub(crate) fn are_wrong(lines: &str) {
    let lines = lines.lines().collect::<Vec<_>>();
    assert_eq!(lines.len(), WRONG.len(), "{lines:?}");
    let wanted =
        "TypeError: Table.keep → row: expected a Row (an object with the methods `get` and `set`), got ";
    for (line, found) in lines.iter().zip(WRONG) {
        assert_eq!(*line, format!("{wanted}{found}"));
    }
}

/// Asserts that the results of an object's methods are checked.
pub(crate) fn are_checked(program: &dyn Program) {
    let error = program.give("fails").unwrap().get("a").unwrap_err();
    assert!(matches!(&error, Error::Guest(thrown) if thrown.message == "no column"), "{error:?}");
    let error = program.give("badly").unwrap().get("a").unwrap_err();
    assert!(error.to_string().starts_with("Row.get → result: expected a number"), "{error}");
    let error = program.give("nothing").unwrap_err();
    assert!(error.to_string().starts_with("Program.give → result: expected a Row"), "{error}");
    assert_eq!(program.give("given").unwrap().get("a").unwrap(), 7.0);
}

/// An object that the host keeps, and calls from any thread.
pub(crate) fn kept(program: &dyn Program) -> Handle<dyn Row> {
    let row = program.give("given").unwrap();
    assert!(program.is_given(row.clone()).unwrap());
    assert!(row.is_same(&program.give("given").unwrap()));
    assert!(!program.is_given(program.give("badly").unwrap()).unwrap());
    row.set("a", 9.5).unwrap();
    let other = row.clone();
    let got = std::thread::spawn(move || other.get("a").unwrap()).join().unwrap();
    assert_eq!((got, row.name().unwrap().as_str()), (9.5, "none"));
    row
}

/// Gives the host more objects than the 50 that may be live. Returns the error.
pub(crate) fn hoards(program: &dyn Program, rows: &Rows) -> Error {
    let error = program.run("hoards").unwrap_err();
    assert!(matches!(error, Error::Limit { kind: LimitKind::Handles, .. }), "{error:?}");
    assert_eq!(rows.0.lock().unwrap().len(), 50);
    // The sandbox goes on, and what the host lets go of makes room.
    assert!(program.run("instance").is_err());
    rows.0.lock().unwrap().clear();
    assert_eq!(program.run("instance").unwrap(), "5");
    error
}

/// Calls an object on a thread of its own until that fails.
pub(crate) fn calls(row: Handle<dyn Row>) -> std::thread::JoinHandle<Error> {
    std::thread::spawn(move || {
        loop {
            match row.get("a") {
                Ok(value) => assert_eq!(value, 7.0),
                Err(error) => return error,
            }
        }
    })
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

pub(crate) struct Runner;

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

pub(crate) const WORKER: &str = r#"
const job = { async run(input) { return 10 * await Jobs.step(input); } };
export async function start(input) { return await Jobs.twice(job, input) + 1; }
export async function job_() { return job; }
export { job_ as job };
"#;

#[sandbox_api(host)]
pub trait Threads {
    /// Calls the row on another thread, and waits for the thread.
    fn waits(&self, row: Handle<dyn Row>) -> Result<bool>;
    /// Drops the row on another thread.
    fn elsewhere(&self, row: Handle<dyn Row>) -> Result<()>;
}

pub(crate) struct Others;

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

pub(crate) const CALLER: &str = "
    const row = () => ({ get: () => 1, set() {} });
    export const waits = () => Threads.waits(row());
    export const elsewhere = (times) => { for (let i = 0; i < times; i++) Threads.elsewhere(row()); return times; };
";
