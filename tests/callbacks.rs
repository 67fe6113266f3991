//! Callbacks: functions that cross as values, in both directions.

use std::sync::{Arc, Mutex};

use sandbox_runtime::{
    AsyncCallback, Callback, DiscardCause, Error, LimitKind, Limits, LocalSandbox, Result, Sandbox, Script,
    sandbox_api,
};
use serde::{Deserialize, Serialize};
use slack::long;

mod slack;

#[derive(Clone, Serialize, Deserialize)]
pub struct Row {
    pub id: u32,
    pub name: String,
}

type Filter = Callback<fn(Row) -> Result<bool>>;
type Four = Callback<fn(u32, String, bool, Option<u32>) -> Result<String>>;
type Step = Callback<fn(u32) -> Result<u32>>;

#[derive(Serialize, Deserialize)]
pub struct Hooks {
    pub before: Option<Step>,
    pub all: Vec<Step>,
}

#[sandbox_api(host)]
pub trait Table {
    fn select(&self, filter: Filter) -> Result<Vec<String>>;
    fn adder(&self, to: u32) -> Result<Step>;
    fn apply(&self, step: Step, to: u32) -> Result<u32>;
    fn hooks(&self, hooks: Hooks) -> Result<u32>;
    fn keep(&self, step: Step) -> Result<()>;
    fn kept(&self) -> Result<Step>;
    fn four(&self, all: Four) -> Result<String>;
    fn none(&self, none: Callback<fn() -> Result<()>>) -> Result<()>;
    fn failing(&self) -> Result<Step>;
    fn callbacks_of(&self, make: Callback<fn() -> Result<Step>>) -> Result<u32>;
}

#[derive(Clone, Default)]
struct Rows(Arc<Mutex<Option<Step>>>);

impl Table for Rows {
    fn select(&self, filter: Filter) -> Result<Vec<String>> {
        let rows = ["a", "b", "c"].into_iter().zip(1..).map(|(name, id)| Row { id, name: name.into() });
        let mut found = Vec::new();
        for row in rows {
            if filter.call(row.clone())? {
                found.push(row.name);
            }
        }
        Ok(found)
    }

    fn adder(&self, to: u32) -> Result<Step> {
        Ok(Callback::new(move |more: u32| Ok(to + more)))
    }

    fn apply(&self, step: Step, to: u32) -> Result<u32> {
        step.call(to)
    }

    fn hooks(&self, hooks: Hooks) -> Result<u32> {
        let first = hooks.before.map_or(Ok(1), |before| before.call(1))?;
        hooks.all.iter().try_fold(first, |value, step| step.call(value))
    }

    fn keep(&self, step: Step) -> Result<()> {
        *self.0.lock().unwrap() = Some(step);
        Ok(())
    }

    fn kept(&self) -> Result<Step> {
        Ok(self.0.lock().unwrap().clone().unwrap())
    }

    fn four(&self, all: Four) -> Result<String> {
        all.call(1, "b".into(), true, None)
    }

    fn none(&self, none: Callback<fn() -> Result<()>>) -> Result<()> {
        none.call()
    }

    fn failing(&self) -> Result<Step> {
        Ok(Callback::new(|value: u32| match value {
            0 => Err(Error::public("zero is not a step")),
            1 => Err(Error::host("a secret")),
            _ => panic!("a panic of the host"),
        }))
    }

    fn callbacks_of(&self, make: Callback<fn() -> Result<Step>>) -> Result<u32> {
        let made = [make.call()?, make.call()?];
        made[0].call(made[1].call(1)?)
    }
}

#[sandbox_api(guest)]
pub trait Program {
    fn run(&self, what: &str) -> Result<String>;
    fn give(&self, name: &str) -> Result<Step>;
    fn take(&self, step: Step) -> Result<u32>;
}

const SOURCE: &str = r#"
const error = (run) => { try { return run(); } catch (e) { return `${e.name}: ${e.message}`; } };
const own = (n) => n + 1;
const acts = {
  select() { return Table.select((row) => row.id !== 2 && row.name.length === 1); },
  adder() { const add = Table.adder(5); return [typeof add, add(2), Table.apply(add, 10)]; },
  frozen() {
    "use strict";
    const add = Table.adder(5);
    return [Object.isFrozen(add), Object.getPrototypeOf(add) === Function.prototype, "prototype" in add,
      error(() => new add(1)), error(() => { add.x = 1; })];
  },
  same() { Table.keep(own); const kept = Table.kept() === own; const a = Table.adder(1); Table.keep(a); return [kept, Table.kept() === a]; },
  hooks() { return [Table.hooks({ all: [] }), Table.hooks({ before: (n) => n + 1, all: [(n) => n * 10, Table.adder(3)] })]; },
  wrong() {
    return [null, 1, {}, { call: own }, "own"].map((f) => error(() => Table.apply(f, 1))).join("\n");
  },
  four() { return Table.four((...all) => all.map((one) => String(one)).join()); },
  none() { let called = 0; Table.none(function () { "use strict"; called += this === undefined && arguments.length === 0; }); return called; },
  badly() { return error(() => Table.adder(1)("x")); },
  failing() { const f = Table.failing(); return [0, 1, 2].map((n) => error(() => f(n))).join("\n"); },
  constructors() { return error(() => Table.apply(class { constructor() {} }, 1)); },
  proxy() { return Table.apply(new Proxy(own, {}), 41); },
  pollution() {
    const call = Function.prototype.call, get = Object.getOwnPropertyDescriptor(Function.prototype, "name");
    Function.prototype.call = Function.prototype.apply = Function.prototype.bind = () => 99;
    Object.prototype.call = () => 98;
    Object.defineProperty(Object.prototype, "number", { get() { return 97; }, configurable: true });
    const all = [Table.apply(own, 1), Table.adder(1)(1)];
    delete Object.prototype.call; delete Object.prototype.number;
    Function.prototype.call = call;
    return all;
  },
  nested() {
    const down = (n) => n === 0 ? 7 : Table.apply(down, n - 1);
    return Table.apply(down, 10);
  },
  makes() { return Table.callbacksOf(() => (n) => n * 3); },
  many() { for (let i = 0; i < 20000; i++) { Table.apply(() => 1, 1); Table.adder(i)(1); } return "done"; },
  hoards() { const all = []; for (;;) all.push(Table.adder(1)); },
};
export const run = (what) => String(acts[what]());
const others = { own, endless: () => { for (;;); }, throws: () => { throw new RangeError("no step"); }, badly: () => -1 };
export const give = (name) => others[name];
export const take = (step) => step === own ? 0 : step(4);
"#;

fn script() -> Script {
    Script::new("callbacks.mjs", SOURCE)
}

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
fn the_host_calls_a_function_of_the_guest() {
    gives("select", "a,c");
    gives("four", "1,b,true,null");
    gives("none", "1");
    gives("proxy", "42");
    gives("makes", "9");
}

#[test]
fn the_guest_calls_a_closure_of_the_host() {
    gives("adder", "function,7,15");
    gives("hooks", "1,23");
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
fn identity_is_kept_in_both_directions() {
    gives("same", "true,true");
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
fn no_property_of_a_prototype_is_looked_up() {
    gives("pollution", "2,2");
}

#[test]
fn callbacks_nest() {
    gives("nested", "7");
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

type Load = AsyncCallback<fn(String) -> Result<u32>>;

#[sandbox_api(host)]
pub trait Store: Send + Sync {
    async fn each(&self, load: Load) -> Result<u32>;
    async fn loader(&self) -> Result<Load>;
}

struct Names;

#[sandbox_api]
impl Store for Names {
    async fn each(&self, load: Load) -> Result<u32> {
        Ok(load.call("a".into()).await? + load.call("bc".into()).await?)
    }

    async fn loader(&self) -> Result<Load> {
        Ok(AsyncCallback::new(|name: String| async move {
            tokio::task::yield_now().await;
            u32::try_from(name.len()).map_err(|_| Error::host("long"))
        }))
    }
}

#[sandbox_api(guest)]
pub trait Job {
    async fn run(&self, load: Load) -> Result<u32>;
}

const JOB: &str = r#"
export async function run(load) {
  const own = async (name) => 10 * await load(name);
  const loader = await Store.loader();
  return await Store.each(own) + await loader("four") + await Store.each((name) => 100);
}
"#;

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

/// Over a link, functions of a guest do not cross: they are refused, and the sandbox goes on. Closures of the host do.
#[test]
#[cfg(not(feature = "quickjs"))]
fn over_a_link_functions_of_the_guest_are_refused() {
    let link = sandbox_runtime::testing::in_memory(true);
    let builder = Sandbox::builder().limits(long()).transport(link);
    let sandbox = builder.host::<dyn Table>(Rows::default()).build().unwrap();
    let program = sandbox.load::<dyn Program>(script()).unwrap();
    let error = program.give("own").unwrap_err();
    assert!(matches!(error, Error::Value(_)), "{error:?}");
    let text = program.run("select").unwrap_err().to_string();
    assert!(text.contains("Table.select → filter: "), "{text}");
    assert_eq!(program.run("adder").unwrap(), "function,7,15");
    assert_eq!(program.take(Callback::new(|value: u32| Ok(value * 2))).unwrap(), 8);
}
